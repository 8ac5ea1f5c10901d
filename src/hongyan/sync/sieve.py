"""Rules as a Sieve script, for servers that apply them before anybody fetches (RFC 5228).

What Sieve can say: conditions about the header, the text (RFC 5173) and the size; filing, flags
(RFC 5232), copies (RFC 3894), redirecting. What it cannot, such as a command to run here, leaves
its rule out of the script, and `Exported.left` says why. Words become substrings, which match more
often than our search for whole words does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.errors import HongyanError
from hongyan.store import query
from hongyan.store.query import All, Not, Term, Where
from hongyan.store.rule import Do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.store.query import Node
    from hongyan.store.rule import Action, Rule

NAME: Final = "hongyan"
_FLAGS: Final = {
    "$seen": "\\Seen",
    "$flagged": "\\Flagged",
    "$answered": "\\Answered",
    "$draft": "\\Draft",
}
_HEADERS: Final = {
    "from": ("from",),
    "to": ("to",),
    "cc": ("cc",),
    "bcc": ("bcc",),
    "subject": ("subject",),
    "list": ("list-id",),
}


class _CannotSay(HongyanError):
    """There is no Sieve for it; ``text`` is what it is about."""

    def __init__(self, words: str, text: str = "") -> None:
        super().__init__(words)
        self._text = text

    @property
    def arguments(self) -> dict[str, str]:
        return {**super().arguments, "text": self._text}


class NoCondition(_CannotSay):
    """The rule is for everything."""


class NoSieve(_CannotSay):
    """Sieve has no word for one of the rule's conditions."""


class OnlyHere(_CannotSay):
    """A server cannot do what the rule does."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A script, the extensions that it needs, and which rules it leaves out, with the reason."""

    script: str
    needs: frozenset[str]
    left: tuple[tuple[Rule, HongyanError], ...]


def export(rules: Iterable[Rule], mailbox: Callable[[str], str]) -> Exported:
    """Return the script of rules, in their order; ``mailbox`` gives a mailbox's path by its id.

    ``mailbox`` may raise any `HongyanError`. Rules that are not enabled are left out silently.
    """
    blocks: list[str] = []
    left: list[tuple[Rule, HongyanError]] = []
    needs: set[str] = set()
    for rule in rules:
        if not rule.is_enabled:
            continue
        wanted: set[str] = set()
        try:
            blocks.append(_block(rule, wanted, mailbox))
        except HongyanError as error:
            left.append((rule, error))
        else:
            needs |= wanted
    head = f"require [{', '.join(map(_quoted, sorted(needs)))}];\n\n" if needs else ""
    return Exported(head + "\n".join(blocks), frozenset(needs), tuple(left))


def _block(rule: Rule, needs: set[str], mailbox: Callable[[str], str]) -> str:
    node = query.parse(rule.query)
    if node is None:
        raise NoCondition("it has no condition")
    test = _test(node, needs)
    actions = [_action(action, needs, mailbox) for action in _in_order(rule.actions)]
    if rule.stop:
        actions.append("stop;")
    lines = "".join(f"    {each}\n" for each in actions)
    name = " ".join(rule.name.split())
    return f"# {name}\nif {test} {{\n{lines}}}\n"


def _in_order(actions: Iterable[Action]) -> list[Action]:
    """Return the actions, flags first: mail is filed with those set by then (RFC 5232 §4)."""
    return sorted(actions, key=lambda action: action.do not in (Do.MARK, Do.UNMARK))


# -- conditions


def _test(node: Node, needs: set[str]) -> str:
    if isinstance(node, Term):
        return _term(node, needs)
    if isinstance(node, Not):
        return f"not {_test(node.of, needs)}"
    if isinstance(node, Where):
        raise NoSieve("Sieve has no word for one of its conditions")
    word = "allof" if isinstance(node, All) else "anyof"
    return f"{word} ({', '.join(_test(part, needs) for part in node.of)})"


def _term(term: Term, needs: set[str]) -> str:
    value = _quoted(term.value)
    if term.field in _HEADERS:
        return f"header :contains {_list(_HEADERS[term.field])} {value}"
    if term.field == "body":
        needs.add("body")
        return f"body :text :contains {value}"
    if not term.field:
        needs.add("body")
        headers = _list(("from", "to", "cc", "subject"))
        return f"anyof (header :contains {headers} {value}, body :text :contains {value})"
    if term.field in ("larger", "smaller"):
        way = "over" if term.field == "larger" else "under"
        return f"size :{way} {_size(term.value)}"
    if (term.field, term.value.lower()) in (("in", "inbox"), ("is", "unread")):
        return "true"  # of whatever arrives
    said = f"{term.field}:{term.value}"
    raise NoSieve(f"Sieve has no word for {said}", said)


def _size(value: str) -> str:
    """Return a size as Sieve writes it: the quantifiers are the same (RFC 5228 §2.4.1)."""
    return value.upper().removesuffix("B")


# -- actions


def _action(action: Action, needs: set[str], mailbox: Callable[[str], str]) -> str:
    if action.do in (Do.MARK, Do.UNMARK):
        needs.add("imap4flags")
        word = "addflag" if action.do is Do.MARK else "removeflag"
        return f"{word} {_quoted(_FLAGS.get(action.value.lower(), action.value))};"
    if action.do is Do.FORWARD:
        needs.add("copy")
        return f"redirect :copy {_quoted(action.value)};"
    if action.do in (Do.MOVE, Do.COPY, Do.TRASH):
        needs.add("fileinto")
        place = "Trash" if action.do is Do.TRASH else mailbox(action.value)
        if action.do is not Do.COPY:
            return f"fileinto {_quoted(place)};"
        needs.add("copy")
        return f"fileinto :copy {_quoted(place)};"
    raise OnlyHere(f"a server cannot {action.do.value} {action.value}", action.value)


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, words))}]"


def _quoted(text: str) -> str:
    """Return a string of Sieve (RFC 5228 §2.4.2)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
