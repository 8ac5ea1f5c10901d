"""The public library: POP3 and SMTP as context managers, blocking and asyncio."""
