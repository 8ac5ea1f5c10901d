"""``hongyan rule``: what is done with mail by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from hongyan.cli.check import advancing
from hongyan.cli.output import print_json, table
from hongyan.cli.progress import progress
from hongyan.errors import NotFound
from hongyan.guard import shown
from hongyan.store import Role
from hongyan.store.rule import Action, Do, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.app import App
    from hongyan.store import Account
    from hongyan.store.rules import Effect

_SHOWN: Final = 20
_WORDS: Final = {
    Do.MARK: "label",
    Do.UNMARK: "take the label",
    Do.TRASH: "move to Trash",
    Do.FORWARD: "forward to",
    Do.RUN: "run",
}
_MARKS: Final = {"$seen": "mark as read", "$flagged": "flag"}


@click.group
def rule() -> None:
    """Have mail moved, marked, forwarded or handed on by itself."""


@rule.command("list")
@click.option("--json", "as_objects", is_flag=True, help="As an array of objects.")
@click.pass_obj
def list_(app: App, *, as_objects: bool) -> None:
    """List the rules in their order."""
    rules = app.store.rules.list()
    if as_objects:
        print_json([_as_json(each) for each in rules])
        return
    rows = [
        (each.id, each.name, each.query, _in_words(app, each), "" if each.is_enabled else "off")
        for each in rules
    ]
    table(("ID", "NAME", "FINDS", "DOES", ""), rows, empty="No rule yet: 'hongyan rule add'.")


@rule.command(short_help="Add a rule.")
@click.argument("name")
@click.argument("query")
@click.option("--account", metavar="ADDRESS", help="Only for this account.")
@click.option("--move", metavar="MAILBOX", help="Move it there.")
@click.option("--copy", metavar="MAILBOX", help="Have it there as well.")
@click.option("--label", multiple=True, help="Give it this label; may be given again.")
@click.option("--unlabel", multiple=True, help="Take this label from it.")
@click.option("--flag", is_flag=True, help="Flag it.")
@click.option("--read", is_flag=True, help="Mark it as read.")
@click.option("--trash", is_flag=True, help="Move it to Trash.")
@click.option("--forward", multiple=True, metavar="ADDRESS", help="Send it on to ADDRESS.")
@click.option("--run", multiple=True, metavar="CMD", help="Run CMD with it on standard input.")
@click.option("--stop", is_flag=True, help="Let no later rule see it.")
@click.pass_obj
def add(app: App, /, name: str, query: str, account: str | None, **given: object) -> None:
    """Add the rule NAME for what QUERY finds, in the language of 'hongyan search'.

    It looks at mail that arrives from now on; 'hongyan rule apply' lets it look at all there is.
    """
    owner = app.accounts.choose(account) if account else None
    actions = tuple(_actions(given, lambda box: _mailbox(app, owner, box)))
    if not actions:
        words = "say what it does: --move, --label, --flag, --read, --trash, --forward or --run"
        raise click.UsageError(words, click.get_current_context())
    app.store.search.check(query)
    added = app.store.rules.add(
        Rule(
            name=name,
            query=query,
            actions=actions,
            account_ids=(owner.id,) if owner else None,
            stop=bool(given["stop"]),
        )
    )
    click.echo(f"Added {added.id}. 'hongyan rule preview {added.id}' shows what it would change.")


def _actions(given: dict[str, object], mailbox: Callable[[str], str]) -> list[Action]:
    found = [
        Action(do, value)
        for name, do in (("label", Do.MARK), ("unlabel", Do.UNMARK))
        for value in _many(given[name])
    ]
    found += [Action(Do.MARK, "$flagged")] if given["flag"] else []
    found += [Action(Do.MARK, "$seen")] if given["read"] else []
    for name, do in (("move", Do.MOVE), ("copy", Do.COPY)):
        found += [Action(do, mailbox(str(given[name])))] if given[name] else []
    found += [Action(Do.TRASH)] if given["trash"] else []
    for name, do in (("forward", Do.FORWARD), ("run", Do.RUN)):
        found += [Action(do, value) for value in _many(given[name])]
    return found


def _many(values: object) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, tuple) else ()


def _mailbox(app: App, owner: Account | None, name: str) -> str:
    account = owner or app.accounts.choose(None)
    role = next((each for each in Role if each.value == name.lower()), None)
    return app.store.mailboxes.ensure(account.id, role or name).id


@rule.command
@click.argument("rule_id", metavar="ID")
@click.pass_obj
def remove(app: App, rule_id: str) -> None:
    """Remove a rule; what it did stays."""
    app.store.rules.remove(rule_id)
    click.echo(f"Removed {rule_id}.")


@rule.command
@click.argument("rule_id", metavar="ID")
@click.pass_obj
def enable(app: App, rule_id: str) -> None:
    """Let a rule look at what arrives."""
    app.store.rules.update(replace(app.store.rules.get(rule_id), is_enabled=True))


@rule.command
@click.argument("rule_id", metavar="ID")
@click.pass_obj
def disable(app: App, rule_id: str) -> None:
    """Let a rule rest."""
    app.store.rules.update(replace(app.store.rules.get(rule_id), is_enabled=False))


@rule.command(short_help="Show what a rule would change.")
@click.argument("rule_id", metavar="ID")
@click.pass_obj
def preview(app: App, rule_id: str) -> None:
    """Show what a rule would change of all mail there is; nothing is changed."""
    with progress() as report:
        advance = advancing(report, "Looking")
        found = app.ruling.preview(app.store.rules.get(rule_id), limit=_SHOWN, advance=advance)
    for marks, effect in found.effects:
        subject = app.store.messages.get(marks.id).subject
        click.echo(shown(f"{marks.id} {subject}: {_describe(app, effect)}", limit=300))
    if found.changing > len(found.effects):
        click.echo(f"and {found.changing - len(found.effects)} more")
    click.echo(f"It finds {found.matched} messages, and would change {found.changing}.")


@rule.command(short_help="Let a rule look at all mail there is.")
@click.argument("rule_id", metavar="ID")
@click.pass_obj
def apply(app: App, rule_id: str) -> None:
    """Let a rule look at all mail there is; nothing is forwarded or run."""
    with progress() as report:
        advance = advancing(report, "Changing")
        done = app.ruling.apply(app.store.rules.get(rule_id), advance=advance)
    click.echo(f"Changed {done.changed} messages. 'hongyan rule undo {done.run}' takes it back.")


@rule.command(short_help="Take back what a rule changed.")
@click.argument("run_id", metavar="RUN", required=False)
@click.pass_obj
def undo(app: App, run_id: str | None) -> None:
    """Take back what an application of a rule changed; the last one by default."""
    runs = [run for run in app.store.rules.runs() if not run.by_hand]
    if not run_id and not runs:
        raise NotFound("there is no application of a rule that could be undone")
    count = app.ruling.undo(run_id or runs[0].id)
    click.echo(f"Took back the changes of {count} messages.")


@rule.command
@click.pass_obj
def sieve(app: App) -> None:
    """Print the rules as a Sieve script (RFC 5228)."""
    exported = app.ruling.sieve(app.store.rules.list())
    click.echo(exported.script, nl=False)
    for left, why in exported.left:
        click.echo(shown(f"left out: {left.name}: {why}"), err=True)


@rule.command(short_help="Have the mail server apply the rules.")
@click.argument("address", required=False)
@click.option("--server", metavar="URL", help="sieve://host, where it is not beside the mail.")
@click.pass_obj
def install(app: App, address: str | None, *, server: str | None) -> None:
    """Have the account's mail server apply the rules (ManageSieve, RFC 5804)."""
    exported = app.ruling.install(app.accounts.choose(address), url=server)
    click.echo("The server applies the rules from now on.")
    for left, why in exported.left:
        click.echo(shown(f"left to us: {left.name}: {why}"), err=True)


def tell(words: str) -> None:
    """Tell what a rule's command left undone."""
    click.echo(shown(f"hongyan: a rule: {words}", limit=400), err=True)


def _in_words(app: App, each: Rule) -> str:
    return ", ".join(_action(app, action) for action in each.actions)


def _action(app: App, action: Action) -> str:
    if action.do in (Do.MOVE, Do.COPY):
        return f"{action.do.value} to {_name(app, action.value)}"
    if action.do is Do.MARK and action.value in _MARKS:
        return _MARKS[action.value]
    return f"{_WORDS[action.do]} {action.value}".rstrip()


def _describe(app: App, effect: Effect) -> str:
    parts = [f"+{each}" for each in sorted(effect.added_keywords)]
    parts += [f"-{each}" for each in sorted(effect.removed_keywords)]
    parts += [f"into {_name(app, each)}" for each in sorted(effect.added_mailboxes)]
    parts += [f"out of {_name(app, each)}" for each in sorted(effect.removed_mailboxes)]
    return ", ".join(parts)


def _name(app: App, mailbox_id: str) -> str:
    try:
        return app.store.mailboxes.get(mailbox_id).name
    except NotFound:
        return "Trash" if mailbox_id == "trash" else mailbox_id


def _as_json(each: Rule) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "query": each.query,
        "isEnabled": each.is_enabled,
        "accountIds": each.account_ids,
        "stop": each.stop,
        "actions": [{"do": action.do.value, "value": action.value} for action in each.actions],
    }
