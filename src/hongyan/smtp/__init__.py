"""The SMTP engine."""
