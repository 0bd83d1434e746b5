"""Why isn't this contact syncing: one sentence, with what decides it, and nothing is written by asking."""

from __future__ import annotations

from typing import Any

import pytest

from shared.sync.because import Because
from shared.sync.plan.model import Trouble
from tests.sync.crashes import rest
from tests.sync.stage import BOTH, linked, only, person, settle, titled, watched
from tests.sync.test_backlog import SCENES
from tests.world import User, World, world


def why(user: User, text: str) -> list[Because]:
    """The answer; neither side is written, and nothing of the sync's own state but the lease."""
    before = stored(user)
    with watched(user.world) as sent:
        told = user.engine.why(text)
    assert sent.sugar == sent.google == 0
    assert stored(user) == before
    return list(told.contacts)


def stored(user: User) -> dict[str, Any]:
    found = {}
    for name in ("links", "dirty", "index", "intents", "history", "backlog", "runs", "memory"):
        found.update({doc.path: doc.data for doc in user.world.store.query(user.paths.collection(name))})
    head = {**user.head().data(), "epoch": 0, "commit": "", "next_due_at": None}
    return {**found, "head": head}


def one(user: User, text: str) -> Because:
    (told,) = why(user, text)
    return told


def in_sugar(w: World, user: User, **more: Any) -> str:
    ada = {"first_name": "Ada", "last_name": "Byron", "email": ["ada@x.org"], "by": user.sugar_user}
    return w.sugar.add(**{**ada, **more})


@pytest.mark.parametrize(
    "text",
    [
        *("ada@x.org", " ADA@X.org ", "Ada Byron", "ada  BYRON", "Byron, Ada", "{sugar}", "{google}", "{link}"),
        *("https://sugar.example.com/#Contacts/{sugar}", "https://contacts.google.com/person/{google_id}?hl=en"),
    ],
)
def test_a_contact_is_found_by_all_that_a_person_has_of_it(text: str) -> None:
    with world() as w:
        user, link = linked(w)
        names = {"sugar": link.sugar_id, "google": link.google_id, "link": link.id}
        asked = text.format(**names, google_id=link.google_id.removeprefix("people/"))
        told = one(user, asked)
        assert (told.decides, told.contact, told.name) == ("in step", link.id, "Ada Byron")
        assert (told.sugar_id, told.google_id) == (link.sugar_id, link.google_id)
        assert told.sentence == "it is in step: both sides agree"


@pytest.mark.parametrize("text", ["nobody@x.org", "Nobody Here", "people/c999", "7d9b1c2e-0000", "x", "{}"])
def test_nobody_is_found(text: str) -> None:
    with world() as w:
        user, _ = linked(w)
        assert why(user, text) == []


def test_outside_sugars_scope() -> None:
    with world() as w:
        user = w.user(**BOTH)
        settle(user)
        record = in_sugar(w, user, assigned_user_id="other")
        settle(user)
        told = one(user, "ada@x.org")
        assert (told.decides, told.setting, told.sugar_id) == ("filter", "sugar_scope", record)
        assert told.sentence == "it is not among the contacts of Sugar that take part (those assigned to you)"


def test_outside_googles_scope_and_barred_by_a_label() -> None:
    with world() as w:
        user = w.user(**BOTH)
        label, never = user.account.label("Synced"), user.account.label("Private")
        user.set(google_scope=label, never_label=never)
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        told = one(user, "ada@x.org")
        assert (told.decides, told.setting) == ("filter", "google_scope")


@pytest.mark.parametrize(("side", "other"), [("sugar", "Google"), ("google", "Sugar")])
def test_creating_is_switched_off(side: str, other: str) -> None:
    with world() as w:
        user = w.user(**{**BOTH, f"from_{side}": only(create=False)})
        if side == "sugar":
            in_sugar(w, user)
        else:
            user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        told = one(user, "ada@x.org")
        assert (told.decides, told.setting) == ("switch", f"from_{side}.create")
        assert f"creating contacts in {other} is switched off" in told.sentence


def test_updating_is_switched_off() -> None:
    with world() as w:
        user, link = linked(w)
        user.set(from_google=only(update=False))
        user.account.edit(link.google_id, organizations=titled("Edited"))
        settle(user)
        told = one(user, "ada@x.org")
        assert (told.decides, told.setting, told.fields) == ("switch", "from_google.update", ["title"])
        assert told.sentence == "Title: updating Sugar from Google is switched off"


def test_deleted_on_one_side() -> None:
    with world() as w:
        user, link = linked(w, w.user(**{**BOTH, "from_google": only(delete=False)}))
        user.account.remove(link.google_id)
        settle(user)
        told = one(user, "Ada Byron")
        assert (told.decides, told.contact) == ("deleted", link.id)
        assert "deleted in Google" in told.sentence


def test_it_waits_its_turn() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.edit(link.sugar_id, title="Edited")
        told = one(user, link.sugar_id)
        assert (told.decides, told.setting) == ("turn", "sync_regularly")
        assert told.sentence.startswith("it waits its turn: the next run will update it in Google (changed in Sugar)")
        user.set(sync_regularly=True)
        assert one(user, link.sugar_id).setting is None


def test_before_the_first_listing() -> None:
    with world() as w:
        user = w.user(**BOTH)
        record = in_sugar(w, user)
        told = user.engine.why("ada@x.org")
        assert (told.listed, [each.sugar_id for each in told.contacts]) == (False, [record])
        assert told.contacts[0].decides == "waiting"
        assert "listed to their end" in told.contacts[0].sentence


@pytest.mark.parametrize("trouble", [*SCENES])
def test_it_waits_in_the_backlog(trouble: Trouble) -> None:
    with world() as w:
        user = SCENES[trouble](w)
        rest(user)
        doc = next(doc for doc in user.backlog() if doc.data["class"] == trouble.value)
        record = doc.data["ids"]["sugar"] or doc.data["ids"]["google"]
        if trouble is Trouble.GONE_FROM_SUGAR:
            record = doc.data["ids"]["google"]
        told = one(user, record)
        assert (told.decides, told.entry) == ("entry", doc.id)
        assert trouble.value in told.sentence
        user.wish(kind="release", entries=[doc.id], action="never")
        rest(user)
        told = one(user, record)
        assert (told.decides, told.entry) == ("never", doc.id)


def test_a_write_that_may_yet_happen() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.edit(link.sugar_id, title="Edited")
        w.clock.advance(60)
        w.people_wire.fault("cut_after", path="updateContact|batchUpdate")
        user.run()
        told = one(user, "ada@x.org")
        assert told.decides == "waiting"
        assert "may yet happen" in told.sentence


def test_too_many_of_one_name() -> None:
    with world() as w:
        user = w.user(**BOTH)
        for n in range(25):
            w.sugar.add(first_name="Ada", last_name="Byron", email=[f"ada{n}@x.org"], by=user.sugar_user)
        settle(user)
        told = user.engine.why("Ada Byron")
        assert (len(told.contacts), told.more) == (20, True)
