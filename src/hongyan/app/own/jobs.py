"""Job, Import and Export: mail in and out as work that goes on while the person does others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.app.own.shapes import listed, take_ids, trouble
from hongyan.errors import InvalidArgument, NotFound
from hongyan.jmap.arguments import (
    Arguments,
    array,
    id_,
    json_object,
    one_of,
    optional,
    text,
    unsigned,
)
from hongyan.jmap.errors import MethodError, invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.app.jobs import Job, Jobs
    from hongyan.app.transferring import Transferring
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json

_form = one_of("mbox", "maildir", "eml", "zip")


def _file(value: object) -> tuple[str, int]:
    """Read the name and size of a file of a folder."""
    given = Arguments(json_object(value))
    file = given.take("name", text), given.take("size", unsigned)
    given.end()
    return file


class JobMethods:
    """The methods of Job, Import and Export; ``transferring`` is much to load."""

    def __init__(self, jobs: Jobs, transferring: Callable[[], Transferring]) -> None:
        self._jobs = jobs
        self._transferring = transferring

    def get(self, call: Call) -> Json:
        """Answer Job/get: those of this run of the server, the oldest first."""
        return listed(take_ids(call), {each.id: job_json(each) for each in self._jobs.list()})

    def cancel(self, call: Call) -> Json:
        """Answer Job/cancel."""
        job_id = call.take("id", id_)
        call.end()
        self._jobs.cancel(job_id)
        return {}

    def import_(self, call: Call) -> Json:
        """Answer Import/start."""
        account = call.account
        blob_ids = call.take("blobIds", array(id_))
        name = call.take("name", text)
        mailbox = call.take("mailbox", optional(text), None)
        files = call.take("files", array(_file), [])
        call.end()
        if not blob_ids:
            raise invalid("blobIds", "names nothing")
        try:
            job_id = self._transferring().begin_import(
                account, blob_ids, name=name, mailbox=mailbox, files=files
            )
        except InvalidArgument as why:
            raise invalid(why.field, why.reason) from None
        except NotFound as why:
            raise MethodError("blobNotFound", str(why)) from None
        return {"jobId": job_id}

    def export(self, call: Call) -> Json:
        """Answer Export/start."""
        account = call.account
        form = call.take("form", _form)
        query = call.take("query", text, "")
        call.end()
        try:
            job_id = self._transferring().begin_export(account, form=form, query=query)
        except InvalidArgument as why:
            raise invalid("query", why.reason) from None
        return {"jobId": job_id}


def job_json(job: Job) -> Json:
    """Return one Job."""
    return {
        "id": job.id,
        "kind": job.kind,
        "about": job.about,
        "state": job.state.value,
        "done": job.done,
        "total": job.total or None,
        "octets": job.octets,
        "totalOctets": job.total_octets or None,
        "error": trouble(job.error) if job.error else None,
        "result": job.result or None,
    }
