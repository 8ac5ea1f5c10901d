"""``hongyan parse``: what a message holds, as an RFC 8621 object or as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

import click

from hongyan import mime
from hongyan.cli.output import octets, print_json
from hongyan.guard import shown
from hongyan.mime.external import external

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.mime import Message, Part

_MESSAGES: Final = ("message/rfc822", "message/global")
_DEEPEST: Final = 50


@click.command
@click.argument("file", type=click.File("rb"))
@click.option("--tree", is_flag=True, help="A tree to read, in place of the object.")
@click.option("--json", "as_object", is_flag=True, help="The object; this is what you get anyway.")
def parse(file: BinaryIO, *, tree: bool, as_object: bool) -> None:
    """Read the message in FILE (- for standard input) and print all that is in it.

    The object is that of Email/parse (RFC 8621 §4.9) with all body values.
    """
    if tree and as_object:
        raise click.UsageError("--tree and --json exclude each other")
    message = mime.parse(octets_of(file))
    if not tree:
        print_json(mime.email_object(message))
        return
    click.echo(shown(message.subject) or "(no subject)")
    for line in branches(message):
        click.echo(line)
    for defect in message.defects:
        click.echo(f"! {defect.value}")


def octets_of(file: BinaryIO) -> bytes | mime.Mapped:
    """Return what is in ``file``; a plain file is read in place, so its size costs nothing."""
    try:
        return mime.mapped(file)
    except (OSError, ValueError):  # a pipe
        return file.read()


def branches(message: Message) -> Iterator[str]:
    """Yield a line for each part of a message, and of the messages within it."""
    waiting = [(message, message.parts[0], "", "", 0)]
    while waiting:
        holder, part, first, rest, depth = waiting.pop()
        yield first + describe(part)
        below = [(holder, holder.parts[index]) for index in part.children]
        if part.content_type in _MESSAGES and depth < _DEEPEST:
            inner = mime.nested(part)
            below = [(inner, inner.parts[0])]
        if not below:  # files in text or in a winmail.dat
            found = (each for each in holder.attachments if each.parent == part.index)
            below = [(holder, each) for each in found if each not in holder.parts]
        for number, (owner, child) in enumerate(reversed(below)):
            mark, bar = ("└ ", "  ") if number == 0 else ("├ ", "│ ")
            waiting.append((owner, child, rest + mark, rest + bar, depth + 1))


def describe(part: Part) -> str:
    """Return one line on a part."""
    words = [part.content_type]
    if part.charset:
        words.append(part.charset)
    if part.disposition:
        words.append(part.disposition)
    if part.filename:
        words.append(f"“{part.filename}”")
    if not part.is_multipart:
        words.append(octets(part.size))
    if elsewhere := external(part):
        words.append(f"elsewhere, not fetched: {elsewhere.access} {elsewhere.place}")
    return shown(" ".join(words))
