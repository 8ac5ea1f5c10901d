"""The embedded demo mail host: SMTP submission and POP3 on loopback, with a friendly bot."""

from hongyan.demo.host import DemoHost

__all__ = ["DemoHost"]
