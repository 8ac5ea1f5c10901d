"""The POP3 engine."""
