"""Import and export from the page: what is uploaded comes in, what is asked for can be downloaded."""

from __future__ import annotations

import io
import sys
import threading
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from hongyan.app import App, Config, NewAccount
from hongyan.app.clock import now
from hongyan.app.jobs import Advance, Job, Jobs, JobState
from hongyan.errors import NotFound
from hongyan.store import Role
from hongyan.transfer import Importer, export
from tests.app.test_own import Page
from tests.cli.command import DEAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hongyan.store import Store
    from hongyan.transfer.importing import Imported

MBOX = b"".join(
    b"From x@x Thu Jan  1 00:00:00 2026\nFrom: a@x.example\nSubject: number %d\nStatus: RO\n\nBody.\n\n"
    % number
    for number in range(40)
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with App(Config(tmp_path / "home")) as profile:
        profile.accounts.add(
            NewAccount(address="me@example.org", smtp_url=DEAD, password_command="echo x")
        )
        yield profile
        profile.jobs.stop()


def ended(page: Page, job_id: str) -> Any:
    deadline = time.monotonic() + 30
    while True:
        (job,) = page("Job/get", ids=[job_id])["list"]
        if job["state"] != "running":
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.02)


def imported(app: App, octets: bytes, name: str, **more: Any) -> Any:
    half = len(octets) // 2  # uploads come in pieces
    blobs = [app.store.blobs.keep(each).sha256 for each in (octets[:half], octets[half:])]
    page = Page(app)
    begun = page("Import/start", accountId="a1", blobIds=blobs, name=name, **more)
    return ended(page, begun["jobId"])


def subjects(app: App, mailbox: Role | str) -> list[str]:
    box = app.store.mailboxes.find("a1", mailbox)
    return sorted(each.subject for each in app.store.messages.page(box.id, limit=1000))


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in files.items():
            archive.writestr(name, octets)
    return file.getvalue()


def test_an_mbox_in_two_pieces(app: App) -> None:
    job = imported(app, MBOX, "Old mail.mbox")
    assert (job["kind"], job["about"], job["state"]) == ("import", "Old mail.mbox", "done")
    assert (job["result"]["new"], job["result"]["known"]) == (40, 0)
    assert len(subjects(app, "Old mail")) == 40
    again = imported(app, MBOX, "Old mail.mbox")
    assert (again["result"]["new"], again["result"]["known"]) == (0, 40)


def test_into_a_mailbox_that_is_named(app: App) -> None:
    imported(app, MBOX, "x.mbox", mailbox="Inbox")
    assert len(subjects(app, Role.INBOX)) == 40


def test_a_zip_of_another_program(app: App) -> None:
    files = {
        "Takeout/Mail/Work.mbox": MBOX,
        "Takeout/Dir/cur/1.x:2,S": b"Subject: of a Maildir\n\n.\n",
        "Takeout/Dir/new/2.x": b"Subject: new there\n\n.\n",
        "../../outside.eml": b"Subject: outside\n\n.\n",
    }
    job = imported(app, zipped(files), "takeout.zip")
    assert job["state"] == "done", job
    assert job["result"]["new"] == 43
    boxes = {box.name for box in app.store.mailboxes.list("a1")}
    assert {"Work", "Dir"} <= boxes
    assert not (app.home.parent / "outside.eml").exists()
    assert not list((app.home / "blobs").glob("incoming-*"))


def folder(app: App, files: Mapping[str, bytes], **more: Any) -> Any:
    sizes = [{"name": name, "size": len(octets)} for name, octets in files.items()]
    return imported(app, b"".join(files.values()), "Profile", files=sizes, **more)


def test_a_folder_whose_files_come_one_after_the_other(app: App) -> None:
    files = {
        "Mail/Local Folders/Work": MBOX,
        "empty.eml": b"",
        "cur/1.x:2,S": b"Subject: read\n\n.\n",
        "Lists/new/2.x": b"Subject: all of it new\n\n.\n",
        "../../outside.eml": b"Subject: outside\n\n.\n",
    }
    job = folder(app, files)
    assert (job["state"], job["about"], job["result"]["new"]) == ("done", "Profile", 43)
    assert subjects(app, Role.INBOX) == ["read"]
    assert subjects(app, "Lists") == ["all of it new"]
    assert {"Work"} <= {box.name for box in app.store.mailboxes.list("a1")}
    assert not (app.home.parent / "outside.eml").exists()


def test_a_zip_of_a_maildir_in_which_nothing_is_new(app: App) -> None:
    job = imported(app, zipped({"Old/cur/1.x:2,S": b"Subject: read\n\n.\n"}), "old.zip")
    assert job["result"]["new"] == 1
    assert subjects(app, "Old") == ["read"]


def test_files_that_are_not_what_was_uploaded(app: App) -> None:
    blob = app.store.blobs.keep(MBOX).sha256
    for files in ([{"name": "a", "size": 3}], [{"name": "a", "size": len(MBOX), "path": "/x"}]):
        refused = Page(app).fails(
            "Import/start", accountId="a1", blobIds=[blob], name="x", files=files
        )
        assert refused["type"] == "invalidArguments"


def test_mail_without_an_account_has_a_place_of_its_own(tmp_path: Path) -> None:
    with App(Config(tmp_path / "none")) as app:
        page = Page(app)
        made = page("MailAccount/set", create={"k": {"isLocal": True}})["created"]["k"]
        assert (made["isLocal"], set(made["servers"].values())) == (True, {None})
        again = page("MailAccount/set", create={"k": {"isLocal": True}})["created"]["k"]
        assert again["id"] == made["id"]
        assert imported(app, MBOX, "Inbox.mbox")["result"]["new"] == 40
        assert len(subjects(app, Role.INBOX)) == 40
        assert app.store.search.count("subject:number") == 40
        app.workers.start()
        page("MailAccount/sync", ids=None)
        app.workers.stop()
        assert page("MailAccount/set", destroy=[made["id"]])["destroyed"] == [made["id"]]
        app.jobs.stop()


def test_an_archive_that_would_fill_the_disk(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hongyan.transfer.unpacking.ANYWAY", 1000)
    job = imported(app, zipped({"bomb.eml": b"\0" * 5_000_000}), "bomb.zip")
    assert job["state"] == "failed"
    assert "more than can be meant" in job["error"]["words"]


@pytest.mark.parametrize("form", ["mbox", "maildir", "eml", "zip"])
def test_what_goes_out_comes_in_again(app: App, tmp_path: Path, form: str) -> None:
    imported(app, MBOX, "x.mbox", mailbox="Inbox")
    page = Page(app)
    begun = page("Export/start", accountId="a1", form=form, query="subject:number")
    job = ended(page, begun["jobId"])
    assert job["state"] == "done", job
    assert job["result"]["messages"] == 40
    octets = app.store.blobs.read(job["result"]["blobId"])
    assert len(octets) == job["result"]["size"]
    assert job["result"]["name"].endswith(f"-{form}.zip")
    assert zipfile.ZipFile(io.BytesIO(octets)).testzip() is None
    with App(Config(tmp_path / "other")) as other:
        other.accounts.add(
            NewAccount(address="you@example.org", smtp_url=DEAD, password_command="echo x")
        )
        back = imported(other, octets, "back.zip")
        assert (back["state"], back["result"]["new"]) == ("done", 40)
        assert subjects(other, Role.INBOX) == subjects(app, Role.INBOX)
        other.jobs.stop()


def test_what_cannot_begin_is_refused(app: App) -> None:
    page = Page(app)
    start = "Import/start"
    assert page.fails(start, accountId="a1", blobIds=[], name="x")["type"] == "invalidArguments"
    missing = page.fails(start, accountId="a1", blobIds=["0" * 64], name="x")
    assert missing["type"] == "blobNotFound"
    assert "path" in page.fails(start, accountId="a1", blobIds=["0"], name="x", path="/etc/passwd")["description"]  # fmt: skip
    for query in ("(", "nothing has these words"):
        refused = page.fails("Export/start", accountId="a1", form="zip", query=query)
        assert refused["type"] == "invalidArguments"
    assert page("Job/get", ids=None)["list"] == []


def test_an_export_is_gone_after_a_day(app: App) -> None:
    imported(app, MBOX, "x.mbox", mailbox="Inbox")
    page = Page(app)
    job = ended(page, page("Export/start", accountId="a1", form="zip")["jobId"])
    app.store.blobs.sweep(now())
    with pytest.raises(NotFound):
        app.store.blobs.open(job["result"]["blobId"])


# -- the jobs themselves


def test_a_job_tells_its_progress_and_is_ended_at_its_next_step() -> None:
    told: list[Job] = []
    entered, go_on = threading.Event(), threading.Event()
    ticks = iter(range(1000))
    jobs = Jobs(monotonic=lambda: float(next(ticks)))
    jobs.subscribe(told.append)

    def work(advance: Advance) -> dict[str, Any]:
        advance(1, 3, 10, 30)
        entered.set()
        assert go_on.wait(10)
        advance(2, 3, 20, 30)
        return {"never": True}

    job_id = jobs.begin("import", "x", work)
    assert entered.wait(10)
    assert (told[-1].state, told[-1].done, told[-1].total) == (JobState.RUNNING, 1, 3)
    jobs.cancel(job_id)
    go_on.set()
    jobs.stop()
    assert (told[-1].state, told[-1].done, told[-1].result) == (JobState.CANCELLED, 1, {})


def test_a_defect_ends_a_job_and_nothing_else() -> None:
    told: list[Job] = []
    jobs = Jobs()
    jobs.subscribe(told.append)
    jobs.begin("import", "x", lambda _: {"x": 1 // 0})
    jobs.stop()
    assert told[-1].state is JobState.FAILED
    assert "defect" in str(told[-1].error)


def test_only_the_last_jobs_are_kept() -> None:
    jobs = Jobs()
    for number in range(30):
        jobs.begin("import", str(number), lambda _: {})
        jobs.stop()
    assert [each.about for each in jobs.list()] == [str(number) for number in range(10, 30)]


def clear_text(path: Path, words: bytes) -> list[Path]:
    """The files at or below a path that hold the words in clear."""
    files = (each for each in (path, *path.rglob("*")) if each.is_file())
    return [each for each in files if words in each.read_bytes()]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no file system in memory")
def test_an_encrypted_profile_never_has_the_files_of_a_job_on_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONGYAN_PASSPHRASE", "correct horse")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    home = tmp_path / "home"
    seen: list[Path] = []
    take = Importer.take

    def look(path: Path) -> None:
        assert clear_text(path, b"number 7") != [], "the files of the job"
        assert clear_text(home, b"number 7") == []
        seen.append(path)

    def taking(self: Importer, paths: list[Path], **more: Any) -> Imported:
        look(paths[0])
        return take(self, paths, **more)

    def writing(store: Store, target: Path, **more: Any) -> int:
        done = export(store, target, **more)
        look(target)
        return done

    monkeypatch.setattr(Importer, "take", taking)
    monkeypatch.setattr("hongyan.app.transferring.export", writing)
    with App(Config(home)) as app:
        app.encryption.encrypt()
        app.accounts.add(
            NewAccount(address="me@example.org", smtp_url=DEAD, password_command="echo x")
        )
        assert imported(app, MBOX, "old.mbox")["result"]["new"] == 40
        assert imported(app, zipped({"a/old.mbox": MBOX}), "a.zip")["result"]["known"] == 40
        begun = Page(app)("Export/start", accountId="a1", form="mbox")
        assert ended(Page(app), begun["jobId"])["state"] == "done"
        assert clear_text(home, b"number 7") == []
        app.jobs.stop()
    assert len(seen) == 3
    assert not any(each.exists() for each in seen)
