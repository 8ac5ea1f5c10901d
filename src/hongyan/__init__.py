"""Hongyan (鸿雁): a mail client built from the socket up.

The public library is `IMAP`, `POP3` and `SMTP` here, and the same names in `hongyan.aio`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hongyan.client.blocking import POP3, SMTP
    from hongyan.client.blocking_imap import IMAP

__version__: Final = "0.1.0"
__all__ = ["IMAP", "POP3", "SMTP", "__version__"]


def __getattr__(name: str) -> object:
    """Load the library when it is asked for (PEP 562), so that the command line starts quickly."""
    if name == "IMAP":
        from hongyan.client import blocking_imap

        return blocking_imap.IMAP
    if name in ("POP3", "SMTP"):
        from hongyan.client import blocking

        return getattr(blocking, name)
    raise AttributeError(f"module 'hongyan' has no attribute {name!r}")
