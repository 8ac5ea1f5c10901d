"""The encryption of a profile, and where its key is: `hongyan.store.conversion` does the work."""

from __future__ import annotations

import binascii
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from hongyan import keychain
from hongyan.errors import InvalidArgument, StoreError
from hongyan.store import conversion, envelope
from hongyan.store.envelope import KEY_OCTETS, KeyPlace
from hongyan.store.types import silently

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hongyan.store.types import Advance


def entry(place: KeyPlace) -> str:
    """Return under which name a key is in the keychain."""
    return f"encryption key {place.name}"


class Encryption:
    """Encrypting a profile that nobody has open, decrypting it, and its key."""

    def __init__(self, home: Path, open_keychain: Callable[[], keychain.Keychain]) -> None:
        self._home = home
        self._open_keychain = open_keychain

    def key(self, place: KeyPlace) -> bytes:
        """Return the key that is kept at ``place``. Raises `StoreError`, `NotFound`."""
        if place.command:
            return _octets(keychain.from_command(place.command), "output of the key command")
        kept = self._open_keychain().get(entry(place))
        if kept is None:
            raise StoreError(
                f"this profile is encrypted, and its key is not in the keychain ({entry(place)}); "
                "nobody can read the mail without it: if you have it in writing, 'hongyan key set'"
            )
        return _octets(kept, entry(place))

    def encrypt(self, *, command: str = "", advance: Advance = silently) -> KeyPlace:
        """Encrypt the profile under a new key, or under the one that ``command`` prints.

        Return where the key is. Raises `InvalidArgument`, `NotFound`, `StoreError`.
        """
        if self.is_on:
            raise InvalidArgument("profile", f"{self._home} is encrypted already")
        place, key = self._new(command)
        conversion.encrypt(self._home, place, key=key, advance=advance)
        return place

    def decrypt(self, *, advance: Advance = silently) -> None:
        """Turn the profile into one in clear. Raises `InvalidArgument`, `StoreError`."""
        conversion.decrypt(self._home, self.key, advance=advance)

    def change(self, *, command: str = "") -> KeyPlace:
        """Put a new key in the stead of the one so far, which stays where it is, for backups."""
        envelope.data_key(self._home, self.key)
        place, key = self._new(command)
        conversion.change_key(self._home, self.key, place, key=key)
        return place

    def show(self) -> str:
        """Return the key for a person to write down. Raises `StoreError`."""
        key = self.key(self.place)
        envelope.data_key(self._home, lambda _: key)
        return key.hex()

    def restore(self, text: str) -> None:
        """Take back a key that was written down. Raises `InvalidArgument`, `StoreError`."""
        key = _octets(text, "key")
        place = KeyPlace(self.place.name)
        envelope.data_key(self._home, lambda _: key)
        self._open_keychain().set(entry(place), key.hex())
        if self.place.command:  # which is asked no more
            conversion.change_key(self._home, lambda _: key, place, key=key)

    @property
    def is_on(self) -> bool:
        """Whether the profile is encrypted. Raises `StoreError`."""
        return envelope.is_encrypted(self._home)

    @property
    def place(self) -> KeyPlace:
        """Where the profile's key is. Raises `InvalidArgument` when it is not encrypted."""
        if not self.is_on:
            raise InvalidArgument("profile", f"{self._home} is not encrypted")
        return envelope.place_of(self._home)

    def room_needed(self) -> int:
        """Return how many octets have to be free to encrypt or decrypt the profile."""
        return conversion.room_needed(self._home)

    def _new(self, command: str) -> tuple[KeyPlace, bytes]:
        place = KeyPlace.new(command)
        if command:
            return place, self.key(place)
        key = secrets.token_bytes(KEY_OCTETS)
        self._open_keychain().set(entry(place), key.hex())
        return place, key


def _octets(text: str, field: str) -> bytes:
    """Return a key out of its digits; what they are is not told."""
    key = b""
    with suppress(ValueError):
        key = binascii.unhexlify("".join(text.split()))
    if len(key) != KEY_OCTETS:
        raise InvalidArgument(field, f"is not {2 * KEY_OCTETS} hexadecimal digits")
    return key
