"""MIME: any message read, and exact messages composed (RFC 5322, 2045-2049, 8621)."""

from __future__ import annotations

from hongyan.mime.jmap import email_object
from hongyan.mime.mapped import Mapped, mapped
from hongyan.mime.message import Message, nested, parse
from hongyan.mime.parser import Defect
from hongyan.mime.part import Part
from hongyan.mime.place import Place
from hongyan.mime.types import Address

__all__ = [
    "Address",
    "Defect",
    "Mapped",
    "Message",
    "Part",
    "Place",
    "email_object",
    "mapped",
    "nested",
    "parse",
]
