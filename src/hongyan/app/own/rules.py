"""The person's rules: kept, tried, applied, taken back, written for servers.

A command to run comes from the command line alone: whoever gets hold of the page, or deceives it,
does not get hold of the machine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hongyan.app.own.shapes import coded, listed, take_ids
from hongyan.errors import HongyanError, InvalidArgument, NotFound
from hongyan.jmap.arguments import (
    Arguments,
    array,
    boolean,
    id_,
    json_object,
    mapping,
    one_of,
    optional,
    positive,
    text,
    unsigned,
)
from hongyan.jmap.errors import MethodError, SetError
from hongyan.store.history import SHOWN
from hongyan.store.rule import Action, Do, Rule, check
from hongyan.store.types import silently
from hongyan.sync.sieve import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.app.jobs import Jobs
    from hongyan.app.ruling import ServedRuling
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Store
    from hongyan.store.marking import Marks
    from hongyan.store.rules import Effect
    from hongyan.store.types import Advance
    from hongyan.sync.sieve import Exported

_KINDS: Final = {NotFound: "notFound", InvalidArgument: "invalidProperties"}
_objects = optional(mapping(id_, json_object))
_DONE: Final = {"create": "created", "update": "updated", "destroy": "destroyed"}
_NEW: Final = Rule(name="", query="", actions=())


class RuleMethods:
    """The methods of Rule; ``changed`` is told each account in which mail may have changed.

    Over very much mail a rule is tried and applied as a job, where that is asked for.
    """

    def __init__(
        self,
        store: Store,
        ruling: Callable[[], ServedRuling],
        jobs: Jobs,
        *,
        changed: Callable[[str], None],
    ) -> None:
        self._store = store
        self._ruling = ruling
        self._jobs = jobs
        self._changed = changed

    def get(self, call: Call) -> Json:
        """Answer Rule/get: in their order."""
        ids = take_ids(call)
        return listed(ids, {rule.id: as_json(rule) for rule in self._store.rules.list()})

    def set_(self, call: Call) -> Json:
        """Answer Rule/set: each rule stands or falls by itself."""
        create, update = (call.take(verb, _objects, None) for verb in ("create", "update"))
        destroy = call.take("destroy", optional(array(id_)), None)
        wanted: dict[str, dict[str, Json]] = {
            "create": create or {},
            "update": update or {},
            "destroy": {each: {} for each in destroy or ()},
        }
        order = call.take("order", optional(array(id_)), None)
        call.end()
        answer: Json = {}
        for verb, objects in wanted.items():
            done, failed = self._each(verb, objects)
            word = _DONE[verb]
            answer |= {word: done or None, f"not{word.capitalize()}": failed or None}
        if order is not None:
            self._arrange(order)
        return answer

    def _each(self, verb: str, objects: dict[str, Json]) -> tuple[Any, dict[str, Json]]:
        done: dict[str, Json | None] = {}
        failed: dict[str, Json] = {}
        for name, given in objects.items():
            try:
                done[name] = self._do(verb, name, given)
            except (HongyanError, MethodError) as error:
                kind = _KINDS.get(type(error), "invalidProperties")
                more = coded(error) if isinstance(error, HongyanError) else {}
                failed[name] = SetError(kind, str(error), more=more).json()
        return list(done) if verb == "destroy" else done, failed

    def _do(self, verb: str, name: str, given: Json) -> Json | None:
        if verb == "create":
            return {"id": self._store.rules.add(_rule(_NEW, given)).id}
        if verb == "update":
            self._store.rules.update(_rule(self._store.rules.get(name), given))
        else:
            self._store.rules.remove(name)
        return None

    def _arrange(self, order: list[str]) -> None:
        try:
            self._store.rules.arrange(order)
        except InvalidArgument as error:
            raise MethodError("invalidArguments", str(error), **coded(error)) from None

    def preview(self, call: Call) -> Json:
        """Answer Rule/preview: nothing is changed."""
        rule = self._given(call.take("rule", json_object))
        limit = call.take("limit", optional(unsigned), None)
        as_job = bool(call.take("asJob", optional(boolean), None))
        call.end()

        def work(advance: Advance) -> Json:
            most = SHOWN if limit is None else limit
            found = self._ruling().preview(rule, limit=most, advance=advance)
            return {
                "ids": [marks.id for marks, _ in found.effects],
                "total": found.changing,
                "matched": found.matched,
                "changes": [_change_json(*each) for each in found.effects],
            }

        return self._done("rulePreview", rule, work, as_job=as_job)

    def apply(self, call: Call) -> Json:
        """Answer Rule/apply: a rule that is kept, or one that is given."""
        rule_id = call.take("id", optional(id_), None)
        given = call.take("rule", optional(json_object), None)
        as_job = bool(call.take("asJob", optional(boolean), None))
        call.end()
        if (rule_id is None) == (given is None):
            raise MethodError("invalidArguments", "give id or rule")
        rule = self._store.rules.get(rule_id) if rule_id else self._given(given or {})

        def work(advance: Advance) -> Json:
            done = self._ruling().apply(rule, advance=advance)
            self._tell()
            return {"changed": done.changed, "undo": done.run}

        return self._done("ruleApply", rule, work, as_job=as_job)

    def _done(
        self, kind: str, rule: Rule, work: Callable[[Advance], Json], *, as_job: bool
    ) -> Json:
        """Do a piece of work now, or begin it as a job: what it comes to is the job's result."""
        if not as_job:
            return work(silently)
        check(rule)
        return {"jobId": self._jobs.begin(kind, rule.name, work)}

    def undo(self, call: Call) -> Json:
        """Answer Rule/undo."""
        run = call.take("undo", id_)
        call.end()
        restored = self._ruling().undo(run)
        self._tell()
        return {"restored": restored}

    def _tell(self) -> None:
        for account in self._store.accounts.list():
            self._changed(account.id)

    def sieve(self, call: Call) -> Json:
        """Answer Rule/sieve."""
        ids = take_ids(call)
        rules = [each for each in self._store.rules.list() if ids is None or each.id in ids]
        exported = self._ruling().sieve(rules)
        return {"script": exported.script, "left": _left(exported)}

    def install(self, call: Call) -> Json:
        """Answer Rule/install: only ever on the host that keeps the account's mail."""
        account = call.account
        port = call.take("port", optional(positive), None)
        call.end()
        exported = self._ruling().install(account, port=port)
        return call.answer(name=NAME, script=exported.script, left=_left(exported))

    def _given(self, given: Json) -> Rule:
        """Return a rule as it is written on the page: one that is kept already names its id."""
        known = given.get("id")
        return _rule(self._store.rules.get(known) if isinstance(known, str) else _NEW, given)


def _left(exported: Exported) -> list[Json]:
    return [{"id": rule.id, "words": str(why), **coded(why)} for rule, why in exported.left]


def as_json(rule: Rule) -> Json:
    """Return a rule as an object."""
    return {
        "id": rule.id,
        "name": rule.name,
        "isEnabled": rule.is_enabled,
        "query": rule.query,
        "accountIds": rule.account_ids,
        "actions": [_action_json(each) for each in rule.actions],
        "stop": rule.stop,
    }


def _change_json(marks: Marks, effect: Effect) -> Json:
    keywords = _patch(effect.added_keywords, effect.removed_keywords)
    mailboxes = _patch(effect.added_mailboxes, effect.removed_mailboxes)
    where = {"accountId": marks.account_id, "emailId": marks.id}
    return {**where, "keywords": keywords, "mailboxIds": mailboxes}


def _patch(added: frozenset[str], removed: frozenset[str]) -> dict[str, bool]:
    return dict.fromkeys(sorted(added), True) | dict.fromkeys(sorted(removed), False)


def _action_json(action: Action) -> Json:
    if action.do in (Do.MARK, Do.UNMARK):
        return {"do": "keyword", "keyword": action.value, "value": action.do is Do.MARK}
    name = _FIELDS.get(action.do)
    return {"do": action.do.value, **({name: action.value} if name else {})}


_FIELDS: Final = {
    Do.MOVE: "mailboxId",
    Do.COPY: "mailboxId",
    Do.FORWARD: "to",
    Do.RUN: "command",
}


def _rule(before: Rule, given: Json) -> Rule:
    """Return ``before`` with what is given. Raises `InvalidArgument`, `MethodError`."""
    fields = Arguments({name: value for name, value in given.items() if name != "id"})
    accounts = fields.take("accountIds", optional(array(id_)), before.account_ids)
    actions = fields.take("actions", optional(array(json_object)), None)
    rule = replace(
        before,
        name=fields.take("name", text, before.name),
        is_enabled=fields.take("isEnabled", boolean, before.is_enabled),
        query=fields.take("query", text, before.query),
        account_ids=None if accounts is None else tuple(accounts),
        actions=before.actions if actions is None else tuple(map(_action, actions)),
        stop=fields.take("stop", boolean, before.stop),
    )
    fields.end()
    if any(each.do is Do.RUN and each not in before.actions for each in rule.actions):
        raise InvalidArgument("actions", "a command to run is given by 'hongyan rule add' alone")
    return rule


def _action(given: Json) -> Action:
    fields = Arguments(given)
    word = fields.take("do", one_of("keyword", *(do.value for do in Do)))
    if word == "keyword":
        keyword, value = fields.take("keyword", text), fields.take("value", boolean)
        action = Action(Do.MARK if value else Do.UNMARK, keyword)
    else:
        do = Do(word)
        name = _FIELDS.get(do)
        action = Action(do, fields.take(name, text) if name else "")
    fields.end()
    return action
