"""The fields of every response, and the content policies of the page and of mail."""

from __future__ import annotations

from typing import Final

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; "
    "media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
NOTHING_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
FILE_POLICY: Final = f"{NOTHING_POLICY}; sandbox"
# What can be shown in place is looked at by the browser's own viewers, which a sandbox would stop.
SHOWN_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"

ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
    "Content-Security-Policy": NOTHING_POLICY,
}


def message_policy(origin: str, *, remote: bool) -> str:
    """Return the policy of a message's own document: no script, no origin, pictures at most."""
    pictures = f"{origin} data:" + (" https: http:" if remote else "")
    return (
        f"default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; sandbox"
    )
