"""GMime through its C library, as the peer of the reading bench (Debian's libgmime-3.0-0).

It is asked for the same values as the others, and gives them as Python values.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

LIBRARY: Final = "libgmime-3.0.so.0"
_P: Final = ctypes.c_void_p
_S: Final = ctypes.c_char_p
_SIZE: Final = ctypes.c_size_t
_INT: Final = ctypes.c_int
_FUNCTIONS: Final[dict[str, tuple[Any, ...]]] = {  # what it returns, what it takes
    "g_mime_init": (None,),
    "g_mime_multipart_get_type": (_SIZE,),
    "g_mime_text_part_get_type": (_SIZE,),
    "g_mime_stream_mem_new_with_buffer": (_P, _S, _SIZE),
    "g_mime_parser_new_with_stream": (_P, _P),
    "g_mime_parser_construct_message": (_P, _P, _P),
    "g_mime_message_get_date": (_P, _P),
    "g_date_time_to_unix": (ctypes.c_int64, _P),
    "g_mime_message_get_subject": (_S, _P),
    "g_mime_message_get_message_id": (_S, _P),
    "g_mime_message_get_from": (_P, _P),
    "g_mime_message_get_to": (_P, _P),
    "g_mime_message_get_cc": (_P, _P),
    "internet_address_list_to_string": (_P, _P, _P, _INT),
    "g_mime_object_get_header": (_S, _P, _S),
    "g_mime_object_get_content_type": (_P, _P),
    "g_mime_content_type_get_mime_type": (_P, _P),
    "g_mime_part_get_filename": (_S, _P),
    "g_mime_text_part_get_text": (_P, _P),
    "g_mime_part_iter_new": (_P, _P),
    "g_mime_part_iter_is_valid": (_INT, _P),
    "g_mime_part_iter_get_current": (_P, _P),
    "g_mime_part_iter_next": (_INT, _P),
    "g_mime_part_iter_free": (None, _P),
    "g_type_check_instance_is_a": (_INT, _P, _SIZE),
    "g_object_unref": (None, _P),
    "g_free": (None, _P),
}


class Reader:
    """GMime, loaded; raises `OSError` where it is not installed."""

    def __init__(self) -> None:
        library = ctypes.CDLL(LIBRARY)
        self._c: dict[str, Any] = {name: getattr(library, name) for name in _FUNCTIONS}
        for name, (returns, *takes) in _FUNCTIONS.items():
            self._c[name].restype, self._c[name].argtypes = returns, takes
        self._c["g_mime_init"]()
        self._multipart = self._c["g_mime_multipart_get_type"]()
        self._text = self._c["g_mime_text_part_get_type"]()

    def read(self, raw: bytes) -> tuple[object, ...]:
        """Return subject, addresses, date, ids, text and attachments of ``raw``."""
        c = self._c
        stream = c["g_mime_stream_mem_new_with_buffer"](raw, len(raw))
        parser = c["g_mime_parser_new_with_stream"](stream)
        message = c["g_mime_parser_construct_message"](parser, None)
        date = c["g_mime_message_get_date"](message)
        values = (
            (c["g_mime_message_get_subject"](message) or b"").decode(),
            *(self._people(message, name) for name in ("from", "to", "cc")),
            c["g_date_time_to_unix"](date) if date else None,
            c["g_mime_message_get_message_id"](message),
            c["g_mime_object_get_header"](message, b"In-Reply-To"),
            c["g_mime_object_get_header"](message, b"References"),
            *self._leaves(message),
        )
        for each in (message, parser, stream):
            c["g_object_unref"](each)
        return values

    def _people(self, message: int, name: str) -> str:
        people = self._c[f"g_mime_message_get_{name}"](message)
        return self._owned(self._c["internet_address_list_to_string"](people, None, 0))

    def _owned(self, pointer: int | None) -> str:
        if not pointer:
            return ""
        text = ctypes.string_at(pointer).decode("utf-8", "replace")
        self._c["g_free"](pointer)
        return text

    def _leaves(self, message: int) -> tuple[str, list[tuple[bytes | None, str]]]:
        c = self._c
        text = ""
        files: list[tuple[bytes | None, str]] = []
        walk = c["g_mime_part_iter_new"](message)
        following = c["g_mime_part_iter_is_valid"](walk)
        while following:
            part = c["g_mime_part_iter_get_current"](walk)
            if self._is(part, self._text) and not text:
                text = self._owned(c["g_mime_text_part_get_text"](part))
            elif not self._is(part, self._multipart):
                kind = c["g_mime_content_type_get_mime_type"](
                    c["g_mime_object_get_content_type"](part)
                )
                files.append((c["g_mime_part_get_filename"](part), self._owned(kind)))
            following = c["g_mime_part_iter_next"](walk)
        c["g_mime_part_iter_free"](walk)
        return text, files

    def _is(self, part: int, kind: int) -> bool:
        return bool(self._c["g_type_check_instance_is_a"](part, kind))
