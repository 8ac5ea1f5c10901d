"""From the script, a few TOML files, to messages with dates, ids and references.

A sample is written ``days`` before now at the time ``at``, or ``ago`` minutes before now. In its
texts ``{{date+3}}`` is a date counted in days from now and ``{{log}}`` a long log; the other words
are in ``_words``.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import re
import textwrap
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hongyan.demo import compose
from hongyan.demo.compose import Entity
from hongyan.demo.post import DAYS, MONTHS, date_time
from hongyan.demo.samples import makers
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

OWNER: Final = "owner"
_BLANK: Final = re.compile(r"\{\{(\w+)([+-]\d+)?\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One message of the script; ``author``, ``to`` and ``cc`` name people of people.toml."""

    id: str
    author: str
    subject: str
    to: tuple[str, ...] = (OWNER,)
    cc: tuple[str, ...] = ()
    days: int = 0
    at: str = ""
    ago: int = 0
    zone: str = ""
    reply_to: str = ""
    charset: str = "utf-8"
    encoding: str = ""
    flowed: bool = False
    text: str = ""
    html: str = ""
    calendar: str = ""
    raw: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    report: tuple[Mapping[str, str], ...] = ()
    inline: tuple[Mapping[str, str], ...] = ()
    attach: tuple[Mapping[str, str], ...] = ()

    def moment(self, now: dt.datetime) -> dt.datetime:
        """Return when it was written, in its author's zone."""
        if self.at:
            hour, minute = map(int, self.at.split(":"))
            day = now - dt.timedelta(days=self.days)
            then = day.replace(hour=hour, minute=minute, second=len(self.id) * 2, microsecond=0)
        else:
            then = (now - dt.timedelta(minutes=self.ago)).replace(microsecond=0)
        return then.astimezone(dt.datetime.strptime(self.zone, "%z").tzinfo) if self.zone else then


@functools.cache
def samples() -> Mapping[str, Sample]:
    """Return the whole script, by id."""
    found = (
        Sample(**{**entry, **_tuples(entry)})
        for file in _files()
        for entry in tomllib.loads(file).get("message", ())
    )
    return {sample.id: sample for sample in found}


@functools.cache
def people() -> Mapping[str, Address]:
    """Return everybody but the owner, by the short name that the script uses."""
    named = (tomllib.loads(file).get("people", {}) for file in _files())
    return {key: Address(name, email) for part in named for key, (name, email) in part.items()}


def _files() -> list[str]:
    folder = importlib.resources.files(__package__)
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    return [folder.joinpath(name).read_text("utf-8") for name in files]


def _tuples(entry: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}


class Script:
    """The script as it reads at ``now`` for ``owner``."""

    def __init__(self, now: dt.datetime, owner: Address) -> None:
        self._now = now
        self._owner = owner

    def received(self) -> list[bytes]:
        """Return the messages to the owner, each with the trace of its delivery, oldest first."""
        return self._in_order(lambda sample: sample.author != OWNER)

    def sent(self) -> list[bytes]:
        """Return the messages of the owner, oldest first."""
        return self._in_order(lambda sample: sample.author == OWNER)

    def _in_order(self, wanted: Callable[[Sample], bool]) -> list[bytes]:
        chosen = sorted(filter(wanted, samples().values()), key=lambda one: one.moment(self._now))
        return [self._message(sample) for sample in chosen]

    def _message(self, sample: Sample) -> bytes:
        trace = b"" if sample.author == OWNER else self._trace(sample)
        if sample.raw:
            return trace + compose.crlf(self._fill(sample.raw)).encode(sample.charset)
        fields = [*self._fields(sample), ("MIME-Version", "1.0")]
        return trace + self._entity(sample).octets(*fields)

    def _fields(self, sample: Sample) -> Iterable[tuple[str, str]]:
        yield "Date", date_time(sample.moment(self._now))
        yield "From", self._mailboxes((sample.author,), sample)
        yield "To", self._mailboxes(sample.to, sample)
        if sample.cc:
            yield "Cc", self._mailboxes(sample.cc, sample)
        yield "Subject", compose.unstructured(self._fill(sample.subject), sample.charset)
        yield "Message-ID", f"<{self._id(sample)}>"
        ancestors = self._ancestors(sample)
        if ancestors:
            yield "In-Reply-To", f"<{ancestors[-1]}>"
            yield "References", compose.references(ancestors)
        for name, value in sample.headers.items():
            yield name, self._fill(value)

    def _trace(self, sample: Sample) -> bytes:
        sender = self._address(sample.author).email
        home = self._owner.email.rpartition("@")[2]
        arrived = sample.moment(self._now) + dt.timedelta(seconds=3)
        number = makers.digest(sample.id)
        return (
            f"Return-Path: <{'' if sample.report else sender}>\r\n"
            f"Received: from mx.{sender.rpartition('@')[2]} by mail.{home} with ESMTPS\r\n"
            f"\tid {number} for <{self._owner.email}>;\r\n\t{date_time(arrived)}\r\n"
        ).encode()

    def _entity(self, sample: Sample) -> Entity:
        extra = "; format=flowed" if sample.flowed else ""
        content = self._fill(sample.text)
        body = compose.text(
            _flow(content) if sample.flowed else content,
            charset=sample.charset,
            encoding=sample.encoding,
            extra=extra,
        )
        if sample.html or sample.calendar:
            body = compose.multipart("alternative", [body, *self._alternatives(sample)])
        if sample.report:
            parts = [self._plain_part(part) for part in sample.report]
            return compose.multipart("report; report-type=delivery-status", [body, *parts])
        if sample.attach:
            body = compose.multipart("mixed", [body, *map(self._attachment, sample.attach)])
        return body

    def _alternatives(self, sample: Sample) -> Iterable[Entity]:
        if sample.html:
            page = compose.text(self._fill(sample.html), charset=sample.charset, subtype="html")
            pictures = [self._attachment(part) for part in sample.inline]
            yield compose.multipart("related", [page, *pictures]) if pictures else page
        if sample.calendar:
            event = self._fill(sample.calendar)
            yield compose.text(event, subtype="calendar", extra="; method=REQUEST")

    def _attachment(self, part: Mapping[str, str]) -> Entity:
        kind, make = makers.MAKERS[part["make"]]
        content = make(self._fill(part.get("text", "")))
        return compose.attachment(self._fill(part["name"]), kind, content, cid=part.get("cid", ""))

    def _plain_part(self, part: Mapping[str, str]) -> Entity:
        content = compose.crlf(self._fill(part["text"])).encode()
        return Entity((("Content-Type", part["kind"]),), content)

    def _address(self, key: str) -> Address:
        return self._owner if key == OWNER else people()[key]

    def _mailboxes(self, keys: Iterable[str], sample: Sample) -> str:
        addresses = map(self._address, keys)
        return ",\r\n ".join(
            compose.mailbox(each.name or "", each.email, sample.charset) for each in addresses
        )

    def _id(self, sample: Sample) -> str:
        domain = self._address(sample.author).email.rpartition("@")[2]
        return f"{sample.id}.{sample.moment(self._now):%Y%m%d.%H%M}@{domain}"

    def _ancestors(self, sample: Sample) -> list[str]:
        """Return the ids of the thread so far, oldest first."""
        ids: list[str] = []
        while sample.reply_to:
            sample = samples()[sample.reply_to]
            ids.insert(0, self._id(sample))
        return ids

    def _fill(self, template: str) -> str:
        def word(found: re.Match[str]) -> str:
            day = self._now + dt.timedelta(days=int(found[2] or 0))
            return makers.track(day) if found[1] == "log" else self._words(day)[found[1]]

        return _BLANK.sub(word, template)

    def _words(self, day: dt.datetime) -> Mapping[str, str]:
        month = MONTHS[day.month - 1]
        return {
            "email": self._owner.email,
            "owner": self._owner.name or self._owner.email,
            "date": f"{day.day} {month} {day.year}",
            "day": f"{DAYS[day.weekday()]} {day.day} {month}",
            "iso": f"{day:%Y-%m-%d}",
            "compact": f"{day:%Y%m%d}",
            "zh": f"{day.month}月{day.day}日",
            "rfc": date_time(day),
        }


def _flow(content: str) -> str:
    """Wrap paragraphs at soft line breaks (RFC 3676 §4.2); quotes and signatures stay."""
    lines: list[str] = []
    for line in content.split("\n"):
        if line.startswith(">") or not line:
            lines.append(line)
        elif line == "--":
            lines.append("-- ")  # RFC 3676 §4.3; written without the space, which editors eat
        else:
            wrapped = textwrap.wrap(line, 70, break_long_words=False, break_on_hyphens=False)
            lines.append(" \n".join(wrapped))
    return "\n".join(lines)
