"""Settings/get and /set: what the person chose in the page, kept as one file in the profile."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hongyan.jmap.arguments import json_object
from hongyan.jmap.errors import MethodError

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store.private import PrivateFiles

_NAME: Final = "settings.json"
_LARGEST: Final = 1_000_000  # octets


class SettingsMethods:
    """The methods of Settings; the file is replaced as a whole, or not at all."""

    def __init__(self, files: PrivateFiles) -> None:
        self._files = files
        self._lock = threading.Lock()

    def get(self, call: Call) -> Json:
        """Answer Settings/get."""
        call.end()
        return {"settings": self._read()}

    def set_(self, call: Call) -> Json:
        """Answer Settings/set: null takes a key away."""
        update = call.take("update", json_object)
        call.end()
        with self._lock:
            changed = {**self._read(), **update}
            kept = {key: value for key, value in changed.items() if value is not None}
            self._write(kept)
        return {"settings": kept}

    def _read(self) -> dict[str, Any]:
        with suppress(ValueError):
            found = json.loads(self._files.read(_NAME) or b"{}")
            return found if isinstance(found, dict) else {}
        return {}

    def _write(self, settings: dict[str, Any]) -> None:
        octets = json.dumps(settings, ensure_ascii=False, indent=1).encode("utf-8", "replace")
        if len(octets) > _LARGEST:
            raise MethodError("requestTooLarge", "settings are not a place for so much")
        self._files.write(_NAME, octets)
