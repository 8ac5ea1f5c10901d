"""The embedded demo mail host."""
