"""The capabilities of this server and their limits (RFC 8620 §2, RFC 8621 §1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hongyan.jmap.errors import Json

CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"
SUBMISSION: Final = "urn:ietf:params:jmap:submission"
OWN: Final = "urn:hongyan:jmap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one client may ask at once; sizes are octets, delays seconds."""

    max_size_upload: int = 150_000_000
    max_concurrent_upload: int = 8
    max_size_request: int = 10_000_000
    max_concurrent_requests: int = 16
    max_calls_in_request: int = 64
    max_objects_in_get: int = 1_000
    max_objects_in_set: int = 5_000
    max_size_attachments: int = 100_000_000
    max_size_mailbox_name: int = 490
    max_mailbox_depth: int = 20
    max_delayed_send: int = 366 * 24 * 3600
    max_query: int = 5_000

    def core(self) -> Json:
        """Return the properties of the core capability."""
        return {
            "maxSizeUpload": self.max_size_upload,
            "maxConcurrentUpload": self.max_concurrent_upload,
            "maxSizeRequest": self.max_size_request,
            "maxConcurrentRequests": self.max_concurrent_requests,
            "maxCallsInRequest": self.max_calls_in_request,
            "maxObjectsInGet": self.max_objects_in_get,
            "maxObjectsInSet": self.max_objects_in_set,
            "collationAlgorithms": ["i;unicode-casemap", "i;ascii-casemap", "i;octet"],
        }
