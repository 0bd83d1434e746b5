"""What recovery may and may not do about a write whose outcome nobody knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.names import SideName
from tests.prove.machine.sent import is_write
from tests.simulators.wire import Reply, Request
from tests.sync.crashes import fixed_point, picture, rest
from tests.sync.moments import LONG, SHORT, STORIES, calm, dies, new_in_google, new_in_sugar, undisturbed
from tests.sync.scenarios import BOTH, person
from tests.sync.stage import linked, title_in_google, titled
from tests.world import User, World, world


def creates(w: World, side: SideName) -> list[float]:
    """Seconds, from the first to each create that a side was sent."""
    wire, path = (w.sugar_wire, "/Contacts") if side is SideName.SUGAR else (w.people_wire, ":createContact")
    times = [c.at for c in wire.log if c.request.method == "POST" and c.request.path.endswith(path)]
    return [(at - times[0]).total_seconds() for at in times]


@pytest.mark.parametrize(("source", "target"), [("new_in_sugar", SideName.GOOGLE), ("new_in_google", SideName.SUGAR)])
def test_a_create_in_doubt_is_sent_again_once_and_not_before_the_quiet_period_is_over(
    source: str, target: SideName
) -> None:
    with world() as w:
        user = STORIES[source](w)
        (w.sugar_wire if target is SideName.SUGAR else w.people_wire).fault(
            "cut_before", method="POST", path="(/Contacts|:createContact)$"
        )
        user.run()
        rest(user, pause=100.0)
        first, second = creates(w, target)
        assert first == 0
        assert second >= w.limits.quiet
        assert picture(w, user) == calm(source)[1]


def test_only_a_feed_begun_after_the_quiet_period_says_that_a_create_never_arrived() -> None:
    """One that began before may take long: what arrives meanwhile it does not show."""
    with world() as w:
        user = new_in_sugar(w)
        w.people_wire.fault("cut_before", path=":createContact$")
        user.run()
        w.clock.advance(w.limits.quiet - 10)

        def slow(request: Request, when: str) -> None:
            if when == "after" and request.path.endswith("connections"):
                w.clock.advance(20)

        w.people_wire.on_call = slow
        user.run()
        w.people_wire.on_call = None
        assert len(creates(w, SideName.GOOGLE)) == 1
        rest(user)
        assert picture(w, user) == calm("new_in_sugar")[1]


def test_a_create_in_doubt_is_not_sent_again_once_creating_is_switched_off() -> None:
    with world() as w:
        user = new_in_sugar(w)
        w.people_wire.fault("cut_before", path=":createContact$")
        user.run()
        user.set(from_sugar={"create": False})
        rest(user)
        assert user.account.people() == []
        assert user.head().open == []
        user.set(from_sugar={"create": True})
        rest(user)
        assert picture(w, user) == calm("new_in_sugar")[1]


def test_a_create_in_doubt_is_found_also_where_the_user_took_its_label_off() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(google_scope=user.account.label("Sync"))
        w.sugar.add(first_name="Solo", last_name="Sugar")
        w.clock.advance(300)
        w.people_wire.fault("cut_after", path=":createContact$")
        user.run()
        (made,) = user.account.people()
        user.account.set_labels(made["resourceName"], ["Another"])
        rest(user)
        assert [person["resourceName"] for person in user.account.people()] == [made["resourceName"]]
        assert [link.google_id for link in user.links()] == [made["resourceName"]]
        fixed_point(user)


def test_nothing_else_is_created_on_a_side_while_a_create_there_is_in_doubt() -> None:
    with world() as w:
        user = new_in_google(w)
        w.sugar_wire.fault("cut_before", method="POST", path="/Contacts$")
        user.run()
        user.account.add(person("Another", "Google"))
        while user.head().open:
            assert w.sugar.contacts() == {}, "the search for the one in doubt could find the other"
            w.clock.advance(100)
            user.run()
        rest(user)
        assert sorted(record["first_name"] for record in w.sugar.contacts().values()) == ["Another", "Solo"]


def test_an_edit_of_a_contact_made_in_doubt_is_an_edit_and_no_rendering() -> None:
    with world() as w:
        user = new_in_sugar(w)
        dies(w, user, calm("new_in_sugar")[0].answered)
        (made,) = user.account.people()
        user.account.edit(made["resourceName"], organizations=titled("Mathematician"))
        w.clock.advance(SHORT)
        rest(user)
        (record,) = w.sugar.contacts().values()
        assert record["title"] == "Mathematician"
        (link,) = user.links()
        assert title_in_google(user, link) == "Mathematician"
        fixed_point(user)


@pytest.mark.parametrize("by", ["a run", "a plan"])
def test_an_edit_made_before_a_create_is_sent_again_is_not_forgotten_with_it(by: str) -> None:
    with world() as w:
        user = new_in_sugar(w)
        dies(w, user, calm("new_in_sugar")[0].on_paper)
        (record,) = w.sugar.contacts()
        w.sugar.edit(record, title="Mathematician")
        w.clock.advance(LONG)
        if by == "a plan":
            order = user.engine.preview().order
            assert order is not None
            assert user.engine.run(plan=order.id).counts["create google"] == 1
        rest(user)
        (link,) = user.links()
        assert title_in_google(user, link) == "Mathematician"
        fixed_point(user)


def test_a_crash_before_a_create_is_sent_again_leaves_one_intent_and_one_contact() -> None:
    def lost(w: World) -> User:
        user = new_in_sugar(w)
        dies(w, user, calm("new_in_sugar")[0].on_paper)
        w.clock.advance(LONG)
        return user

    again, expected = undisturbed(lost)
    assert expected == calm("new_in_sugar")[1]
    for step in (again.planned, again.on_paper, again.answered):
        with world() as w:
            user = lost(w)
            dies(w, user, step)
            w.clock.advance(LONG)
            rest(user)
            assert picture(w, user) == expected, f"second crash at step {step}"
            told = [field["after"] for row in user.history() for field in row["fields"] if field["name"] == "title"]
            assert told == ["Countess"], f"second crash at step {step}: told once"
            fixed_point(user)


def test_a_search_that_shows_records_beside_other_ids_links_nobody_with_somebody_else() -> None:
    def crossed(_: Request, reply: Reply) -> Reply:
        one, two = reply.body["records"]
        return replace(reply, body={**reply.body, "records": [{**two, "id": one["id"]}, {**one, "id": two["id"]}]})

    with world() as w:
        user = w.user(**BOTH)
        made = {name: user.account.add(person(name, "Solo")) for name in ("Ada", "Charles")}
        w.clock.advance(300)
        w.sugar_wire.fault("cut_after", method="POST", path="(bulk|/Contacts)$")
        user.run()
        assert len(w.sugar.contacts()) == 2
        w.clock.advance(SHORT)
        w.sugar_wire.fault("garble", matches=lambda request: b"date_entered" in request.body, garble=crossed)
        user.run()
        rest(user)
        assert {w.sugar.get(link.sugar_id)["first_name"]: link.google_id for link in user.links()} == made
        assert {name: user.account.person(made[name])["names"][0]["givenName"] for name in made} == {n: n for n in made}
        assert len(w.sugar.contacts()) == len(user.account.people()) == 2
        assert user.backlog() == []
        fixed_point(user)


def test_a_create_in_doubt_under_a_chosen_id_is_bound_though_its_user_has_edited_it() -> None:
    with world(crm="suitecrm") as w:
        user = w.user(**BOTH)
        user.account.add(person("Ada", "Byron"))
        w.clock.advance(300)
        w.sugar_wire.fault("cut_after", matches=lambda request: b"set_entr" in request.body)
        user.run()
        (record,) = w.sugar.contacts()
        assert user.head().open
        w.sugar.edit(record, title="Countess")
        w.clock.advance(SHORT)
        rest(user)
        (link,) = user.links()
        assert link.sugar_id == record
        assert title_in_google(user, link) == "Countess"
        fixed_point(user)


def test_a_delete_meets_what_was_edited_after_the_plan() -> None:
    with world() as w:
        user, link = linked(w)
        w.sugar.remove(link.sugar_id)
        w.clock.advance(300)

        def edit(name: str) -> None:
            if name == "after commit" and w.store.inner.query(user.paths.collection("intents")):
                w.store.on_step = lambda _: None
                user.account.edit(link.google_id, organizations=titled("Mathematician"))

        w.store.on_step = edit
        user.run()
        rest(user)
        assert title_in_google(user, link) == "Mathematician"
        assert [doc.data["class"] for doc in user.backlog()] == ["deleted and edited"]


def emails(*addresses: str) -> dict[str, Any]:
    return {"emailAddresses": [{"value": each} for each in addresses]}


@pytest.mark.parametrize(
    ("written", "edited"),
    [
        ({"organizations": titled("Baroness")}, {"organizations": titled("Mathematician")}),
        (emails("ada@x.org", "countess@x.org"), emails("ada@x.org")),
    ],
    ids=["a field", "the emails"],
)
def test_what_was_found_written_is_agreed_on_though_the_next_write_is_refused(
    written: dict[str, Any], edited: dict[str, Any]
) -> None:
    """Else what was written would look like an edit in Sugar, and win over the one that is refused."""
    with world() as w:
        user, link = linked(w)
        user.set(conflict="sugar")
        user.account.edit(link.google_id, **written)
        w.sugar_wire.fault("cut_after", matches=is_write)
        w.clock.advance(60)
        user.run()
        assert user.head().open
        user.account.edit(link.google_id, **edited)
        w.sugar.protect(link.sugar_id, user.sugar_user)
        w.clock.advance(400)
        user.run()
        assert not user.head().open
        assert [doc.data["class"] for doc in user.backlog()] == ["forbidden"]
        w.sugar.unprotect(link.sugar_id, user.sugar_user)
        user.wish(kind="release", entries=[doc.id for doc in user.backlog()])
        rest(user)
        google = user.account.person(link.google_id)
        assert google["emailAddresses"][0]["value"] == "ada@x.org"
        assert len(google["emailAddresses"]) == 1
        assert title_in_google(user, link) == w.sugar.contacts()[link.sugar_id]["title"]
        assert title_in_google(user, link) == edited.get("organizations", titled("Countess"))[0]["title"]
        fixed_point(user)
