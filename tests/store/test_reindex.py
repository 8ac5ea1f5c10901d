"""The index is made anew in place, and at each moment everything is found."""

from __future__ import annotations

from typing import Any

from hongyan.store import reindex as module


def test_everything_is_found_before_during_and_after(profile: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_TOGETHER", 4)
    ids = {profile.add(f"letter {n} 北京市") for n in range(10)}
    db = profile.store._database._writer
    db.execute("DELETE FROM search WHERE rowid IN (SELECT rowid FROM search LIMIT 3)")
    db.execute("UPDATE texts SET body = x''")
    told = []

    def advance(*counts: int) -> None:
        told.append(counts)
        assert len(profile.found("北京")) >= 7
        if len(told) == 1:
            ids.add(profile.add("letter that comes meanwhile 北京"))

    profile.store.reindex(advance=advance)
    assert [counts[0] for counts in told] == [4, 8, 10] or told[-1][0] == 11
    assert profile.found("京") == ids
    assert all("letter" in hit.snippet.text for hit in profile.store.search.find("letter"))
    assert profile.store.check() == ()


def test_damaged_octets_do_not_stop_it(profile: Any) -> None:
    bad, good = profile.add("bad"), profile.add("good")
    profile.store._database._writer.execute(
        "UPDATE blobs SET data = x'00', encoding = 'zlib' WHERE id = 1"
    )
    profile.store.reindex()
    assert profile.found("good") == {good}
    assert profile.found("bad") == {bad}


def test_mail_of_before_gets_the_place_of_its_text_and_its_preview(profile: Any) -> None:
    id_ = profile.add("letter 北京")
    db = profile.store._database._writer
    kept = "SELECT text_at, preview FROM messages"
    ((place, preview),) = made = db.execute(kept).fetchall()
    assert place.split()[2:] == ["binary", "utf-8"]
    assert "letter 北京" in preview
    before = profile.store.messages.get(id_)
    db.execute("UPDATE messages SET text_at = NULL, preview = NULL")
    assert profile.store.messages.get(id_) == before
    profile.store.reindex()
    assert db.execute(kept).fetchall() == made
