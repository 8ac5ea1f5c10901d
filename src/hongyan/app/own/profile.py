"""Profile/get: how the profile lies on the disk, for the page to say in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.app.encryption import Encryption
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json


class ProfileMethods:
    """The methods of Profile; ``encryption`` is asked for when it is needed."""

    def __init__(self, encryption: Callable[[], Encryption]) -> None:
        self._encryption = encryption

    def get(self, call: Call) -> Json:
        """Answer Profile/get: whether it is encrypted, and where its key is."""
        call.end()
        encryption = self._encryption()
        if not encryption.is_on:
            return {"isEncrypted": False, "keyIn": None}
        return {"isEncrypted": True, "keyIn": "command" if encryption.place.command else "keychain"}
