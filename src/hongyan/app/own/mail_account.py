"""MailAccount: the accounts themselves, finding their servers, trying them, syncing now.

A password goes in and never comes out. A command that prints one can be set at the command line
alone: whoever speaks JMAP to us must not be able to run programs.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from hongyan.app.accounts import AccountChange, NewAccount
from hongyan.app.own.shapes import coded, listed, take_ids, trouble
from hongyan.errors import HongyanError, InvalidArgument, NotFound, Unsafe
from hongyan.jmap.arguments import (
    Arguments,
    anything,
    array,
    id_,
    json_object,
    mapping,
    optional,
    text,
)
from hongyan.jmap.errors import MethodError, NotSet, SetError
from hongyan.sasl import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.app.own.sign_in import SignIns
    from hongyan.app.profile import App
    from hongyan.app.servers import Check
    from hongyan.discover import Proof, Setup
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Account

_objects = optional(mapping(id_, json_object))
_ids = optional(array(id_))
_PROTOCOLS: Final = ("imap", "pop3", "smtp")


class MailAccountMethods:
    """The methods of MailAccount."""

    def __init__(self, app: App, sign_ins: SignIns) -> None:
        self._app = app
        self._sign_ins = sign_ins

    # -- get and set

    def get(self, call: Call) -> Json:
        """Answer MailAccount/get."""
        accounts = self._app.store.accounts.list()
        found: dict[str, Json] = {each.id: account_json(each) for each in accounts}
        state = hashlib.sha256(repr(found).encode()).hexdigest()[:12]
        return {"state": state, **listed(take_ids(call), found)}

    def set_(self, call: Call) -> Json:
        """Answer MailAccount/set; each account stands or falls by itself."""
        create = call.take("create", _objects, None) or {}
        update = call.take("update", _objects, None) or {}
        destroy = call.take("destroy", _ids, None) or []
        call.end()
        created, not_created = _each(create, lambda _, given: self._create(given))
        updated, not_updated = _each(update, self._update)
        destroyed, not_destroyed = _each({each: {} for each in destroy}, self._destroy)
        self._app.workers.keep_to_accounts()
        return {
            "created": created or None,
            "updated": updated or None,
            "destroyed": list(destroyed) or None,
            "notCreated": not_created or None,
            "notUpdated": not_updated or None,
            "notDestroyed": not_destroyed or None,
        }

    def _create(self, given: Json) -> Json:
        fields = Arguments(given)
        if fields.flag("isLocal"):
            fields.end()
            return account_json(self._app.accounts.local())
        urls = _take_servers(fields)
        authorisation = fields.take("authorisation", optional(text), None)
        new = NewAccount(
            address=fields.take("address", text),
            name=fields.take("name", text, ""),
            username=fields.take("username", optional(text), None) or "",
            password=fields.take("password", optional(text), None),
            sign_in=self._sign_ins.take(authorisation) if authorisation else None,
            **urls,
        )
        _refuse_command(fields)
        fields.end()
        if new.password is None and new.sign_in is None:
            raise NotSet("invalidProperties", "a password is missing, or a sign-in", "password")
        return account_json(self._app.accounts.add(new))

    def _update(self, account_id: str, given: Json) -> None:
        account = self._account(account_id)
        fields = Arguments(given)
        change = AccountChange(
            name=fields.take("name", optional(text), None),
            username=fields.take("username", optional(text), None),
            password=fields.take("password", optional(text), None),
            **(_take_servers(fields) if "servers" in given else _servers_of(account)),
        )
        _refuse_command(fields)
        fields.end()
        self._app.accounts.update(account, change)

    def _destroy(self, account_id: str, _: Json) -> None:
        self._app.accounts.remove(self._account(account_id))

    def _account(self, account_id: str) -> Account:
        account = self._app.store.accounts.get(account_id)
        if account.id != account_id:  # `get` takes addresses too
            raise NotFound(f"there is no account {account_id}")
        return account

    # -- finding and trying

    def discover(self, call: Call) -> Json:
        """Answer MailAccount/discover: which servers an address has, each tried for real."""
        address = call.take("address", text)
        call.end()
        proofs: list[Proof] = []
        setup = self._app.discovery.find(address, tell=proofs.append)
        domain = address.rpartition("@")[2].lower()
        ordered = [*setup.proofs, *(each for each in proofs if each not in setup.proofs)]
        return {
            "candidates": [_candidate(each, domain) for each in ordered],
            "provider": _provider(setup),
        }

    def test(self, call: Call) -> Json:
        """Answer MailAccount/test: log in to the servers of an account, or to those given."""
        account_id = call.take("id", optional(id_), None)
        if account_id is not None:
            call.end()
            checks = self._app.servers.check(self._account(account_id))
        else:
            checks = self._try_given(call)
        return {"results": [_check(each) for each in checks]}

    def _try_given(self, call: Call) -> tuple[Check, ...]:
        urls = _take_servers(call)
        username = call.take("username", text)
        password = call.take("password", optional(text), None)
        authorisation = call.take("authorisation", optional(text), None)
        call.end()
        sign_in = self._sign_ins.peek(authorisation) if authorisation else None
        token = sign_in.tokens.access if sign_in else None
        credentials = Credentials(username, password, token=token)
        servers = self._app.servers
        return tuple(servers.try_login(url, credentials) for url in urls.values() if url)

    def sync(self, call: Call) -> Json:
        """Answer MailAccount/sync: wake the workers."""
        wanted = take_ids(call)
        known = [each.id for each in self._app.store.accounts.list()]
        started = [each for each in known if wanted is None or each in wanted]
        for account_id in started:
            self._app.workers.wake(account_id)
        return {"started": started}


def account_json(account: Account) -> Json:
    """Return one MailAccount."""
    return {
        "id": account.id,
        "address": account.address,
        "name": account.name,
        "username": account.username,
        "servers": {
            "imap": account.imap_url,
            "pop3": account.pop3_url,
            "smtp": account.smtp_url,
        },
        "secret": account.secret.partition(":")[0],
        "isLocal": account.is_local,
    }


def _servers_of(account: Account) -> dict[str, Any]:
    return {
        "imap_url": account.imap_url,
        "pop3_url": account.pop3_url,
        "smtp_url": account.smtp_url,
    }


def _take_servers(fields: Arguments) -> dict[str, Any]:
    given = Arguments(fields.take("servers", json_object))
    urls = {f"{name}_url": given.take(name, optional(text), None) or None for name in _PROTOCOLS}
    given.end()
    return urls


def _refuse_command(fields: Arguments) -> None:
    if fields.take("passwordCommand", anything, None) is not None:
        raise NotSet("unsafe", "a command can be set with 'hongyan account add' alone")


def _each(
    objects: dict[str, Json], work: Callable[[str, Json], Json | None]
) -> tuple[dict[str, Json | None], dict[str, Json]]:
    """Do ``work`` with each object; return what became of it, or why nothing did."""
    done: dict[str, Json | None] = {}
    failed: dict[str, Json] = {}
    for name, given in objects.items():
        try:
            done[name] = work(name, given)
        except NotSet as refused:
            failed[name] = refused.error.json()
        except MethodError as refused:
            failed[name] = SetError("invalidProperties", str(refused)).json()
        except HongyanError as error:
            failed[name] = _set_error(error).json()
    return done, failed


def _set_error(error: HongyanError) -> SetError:
    kinds = {NotFound: "notFound", Unsafe: "unsafe", InvalidArgument: "invalidProperties"}
    properties = (error.field,) if isinstance(error, InvalidArgument) else ()
    return SetError(kinds.get(type(error), "refused"), str(error), properties, coded(error))


def _candidate(proof: Proof, domain: str) -> Json:
    endpoint = proof.candidate.endpoint
    words = trouble(proof.error)["words"] if proof.error else ", ".join(proof.words)
    return {
        "protocol": endpoint.protocol,
        "url": str(endpoint),
        "username": proof.candidate.usernames[0],
        "source": proof.found.source.name.lower(),
        "why": f"{proof.found.source.value}: {proof.found.words}",
        "ok": proof.error is None,
        "words": words,
        "isVouchedFor": proof.vouched_for(domain),
    }


def _provider(setup: Setup) -> Json | None:
    if not setup.hint and not setup.oauth:
        return None
    sources = [each.found for each in setup.proofs] or list(setup.asked)
    return {
        "id": setup.oauth,
        "name": sources[0].words,
        "oauth": bool(setup.oauth),
        "help": None,
        "hint": setup.hint.name.lower() if setup.hint else None,
        "words": setup.hint.value if setup.hint else "",
    }


def _check(check: Check) -> Json:
    return {
        "protocol": check.endpoint.protocol,
        "url": str(check.endpoint),
        "ok": check.error is None,
        "words": list(check.words),
        "error": trouble(check.error) if check.error else None,
    }
