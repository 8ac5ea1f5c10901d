"""All methods that need more than the store, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.app.own import trust
from hongyan.app.own.activity import ActivityMethods
from hongyan.app.own.answer import answer_
from hongyan.app.own.jobs import JobMethods
from hongyan.app.own.mail_account import MailAccountMethods
from hongyan.app.own.outbox import OutboxMethods
from hongyan.app.own.person import PersonMethods
from hongyan.app.own.profile import ProfileMethods
from hongyan.app.own.rules import RuleMethods
from hongyan.app.own.settings import SettingsMethods
from hongyan.app.own.sign_in import SignIns
from hongyan.app.own.unsubscribe import UnsubscribeMethods
from hongyan.app.own.wire import WireMethods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hongyan.app.profile import App
    from hongyan.jmap.call import Method


def own_methods(app: App) -> Mapping[str, Method]:
    """Return the methods of a profile whose workers run beside the server."""
    sign_ins = SignIns(app.signing_in)
    accounts = MailAccountMethods(app, sign_ins)
    activity = ActivityMethods(app.activities)
    outbox = OutboxMethods(app.store, wake=app.workers.wake)
    rules = RuleMethods(  # the ruling is much to load
        app.store, lambda: app.ruling, app.jobs, changed=app.workers.tell_soon
    )
    wire = WireMethods(app.wire)
    jobs = JobMethods(app.jobs, lambda: app.transferring)
    settings = SettingsMethods(app.store.private)
    return {
        "MailAccount/get": accounts.get,
        "MailAccount/set": accounts.set_,
        "MailAccount/discover": accounts.discover,
        "MailAccount/test": accounts.test,
        "MailAccount/sync": accounts.sync,
        "MailAccount/authorise": sign_ins.authorise,
        "MailAccount/authorisation": sign_ins.authorisation,
        "Activity/get": activity.get,
        "Answer/get": answer_,
        "Person/query": PersonMethods(app.store).query,
        "Profile/get": ProfileMethods(lambda: app.encryption).get,
        "Settings/get": settings.get,
        "Settings/set": settings.set_,
        "Outbox/get": outbox.get,
        "Outbox/query": outbox.query,
        "Outbox/set": outbox.set_,
        "Outbox/resolve": outbox.resolve,
        "Trust/get": trust.get,
        "Unsubscribe/oneClick": UnsubscribeMethods(app.outside).one_click,
        "Rule/get": rules.get,
        "Rule/set": rules.set_,
        "Rule/preview": rules.preview,
        "Rule/apply": rules.apply,
        "Rule/undo": rules.undo,
        "Rule/sieve": rules.sieve,
        "Rule/install": rules.install,
        "Job/get": jobs.get,
        "Job/cancel": jobs.cancel,
        "Import/start": jobs.import_,
        "Export/start": jobs.export,
        "Wire/query": wire.query,
        "Wire/get": wire.get,
        "Wire/lines": wire.lines,
    }
