"""``hongyan mark`` and ``hongyan label``: how messages are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Unpack

import click

from hongyan.cli.changing import SETTINGS, Asked, change, of_messages
from hongyan.errors import InvalidArgument
from hongyan.store.history import difference
from hongyan.store.marking import normal_keywords

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.store.marking import Marks
    from hongyan.store.rules import Effect


class _Mark(NamedTuple):
    keyword: str
    is_set: bool
    done: str


_MARKS: Final = {
    "read": _Mark("$seen", True, "marked as read"),  # noqa: FBT003
    "unread": _Mark("$seen", False, "marked as unread"),  # noqa: FBT003
    "flagged": _Mark("$flagged", True, "flagged"),  # noqa: FBT003
    "unflagged": _Mark("$flagged", False, "unflagged"),  # noqa: FBT003
}


@click.command(context_settings=SETTINGS, short_help="Mark messages.")
@click.argument("how", metavar="read|unread|flagged|unflagged", type=click.Choice([*_MARKS]))
@of_messages
@click.pass_obj
def mark(app: App, /, how: str, **asked: Unpack[Asked]) -> None:
    """Mark messages: all that QUERY finds, or those whose ids are given.

    \b
    hongyan mark read in:lists older_than:1w
    hongyan mark flagged m12 m15
    """  # noqa: D301  # click's mark: these lines stay as they are
    _mark(app, asked, _MARKS[how])


@click.command(context_settings=SETTINGS, short_help="Label messages.")
@click.argument("name", metavar="LABEL")
@of_messages
@click.option("--remove", is_flag=True, help="Take the label off.")
@click.pass_obj
def label(app: App, /, name: str, *, remove: bool, **asked: Unpack[Asked]) -> None:
    """Give a label to all that QUERY finds, or to messages whose ids are given.

    'hongyan search label:LABEL' finds them again. An IMAP server keeps labels of ASCII letters
    and digits; others stay here.
    """
    if name.startswith(("$", "-")):
        raise InvalidArgument("LABEL", f"{name} is no label; 'hongyan mark' marks messages")
    (word,) = normal_keywords([name])
    done = f"no more labelled {word}" if remove else f"labelled {word}"
    _mark(app, asked, _Mark(word, not remove, done))


def _mark(app: App, asked: Asked, its: _Mark) -> None:
    def wanted(marks: Marks) -> Effect:
        words = marks.keywords | {its.keyword} if its.is_set else marks.keywords - {its.keyword}
        return difference(marks, words, marks.mailbox_ids)

    change(app, asked, its.done, wanted)
