"""Edit loops: a field that keeps being changed back is asked about at the third time within a day, and waits."""

from __future__ import annotations

from shared.sync.link import Link
from tests.sync.crashes import fixed_point
from tests.sync.stage import BOTH, entry, link_of, linked, settle, title_in_google, titled, troubles, watched
from tests.world import User, World, world

DAY = 24 * 3600.0


def swing(w: World, user: User, link: Link, times: int, *, pause: float = 0.0) -> None:
    """Sugar's title is made X, then Google's Y, each carried to the other side."""
    for _ in range(times):
        w.sugar.edit(link.sugar_id, title="X")
        settle(user)
        user.account.edit(link.google_id, organizations=titled("Y"))
        settle(user)
        w.clock.advance(pause)


def test_the_third_time_within_a_day_a_person_is_asked_and_the_contact_goes_on() -> None:
    with world() as w:
        user, link = linked(w)
        swing(w, user, link, 2)
        assert troubles(user) == []
        w.sugar.edit(link.sugar_id, title="X", department="Engines")
        settle(user)
        told = entry(user)
        assert (told["class"], told["whole"]) == ("edit loop", False)
        (field,) = told["entries"][0]["fields"]
        assert (field["name"], field["sugar"], field["google"]) == ("title", "X", "Y")
        (org,) = user.account.person(link.google_id)["organizations"]
        assert (org["title"], org["department"]) == ("Y", "Engines")
        with watched(w) as sent:
            w.clock.advance(2 * DAY)
            settle(user)
        assert sent.sugar == sent.google == 0, "it waits for a person, however long that takes"
        assert troubles(user) == ["edit loop"]


def test_over_several_days_it_is_no_loop() -> None:
    with world() as w:
        user, link = linked(w)
        swing(w, user, link, 4, pause=DAY)
        assert troubles(user) == []


def test_somebody_who_changes_their_own_mind_is_in_no_loop() -> None:
    with world() as w:
        user, link = linked(w)
        for n in range(8):
            user.account.edit(link.google_id, organizations=titled("XY"[n % 2]))
            settle(user)
        assert troubles(user) == []
        assert w.sugar.get(link.sugar_id)["title"] == "Y"


def test_other_values_every_time_are_no_loop() -> None:
    with world() as w:
        user, link = linked(w)
        for n in range(5):
            w.sugar.edit(link.sugar_id, title=f"X{n}")
            settle(user)
            user.account.edit(link.google_id, organizations=titled("Y"))
            settle(user)
        assert troubles(user) == []


def test_keeping_both_ends_it_until_one_of_them_is_edited() -> None:
    with world() as w:
        user, link = linked(w)
        swing(w, user, link, 2)
        w.sugar.edit(link.sugar_id, title="X")
        settle(user)
        user.wish(kind="release", action="keep", answers={"title": "both"})
        settle(user)
        assert user.backlog() == []
        assert (w.sugar.get(link.sugar_id)["title"], title_in_google(user, link)) == ("X", "Y")
        fixed_point(user)
        w.sugar.edit(link.sugar_id, title="Z")
        settle(user)
        assert title_in_google(user, link) == "Z"


def test_two_users_who_share_a_contact_and_insist_come_to_rest() -> None:
    """Ann's phone makes it X, Bob's makes it Y, after every sync of the other."""
    with world() as w:
        ann, bob = w.user("ann", **BOTH, sugar_scope="all"), w.user("bob", **BOTH, sugar_scope="all")
        record = w.sugar.add(first_name="Ada", last_name="Byron", email=["ada@x.org"], title="")
        for user in (ann, bob):
            settle(user)
        wants = {ann.uid: "X", bob.uid: "Y"}

        def insist(user: User) -> None:
            settle(user)
            user.account.edit(link_of(user, record).google_id, organizations=titled(wants[user.uid]))
            settle(user)

        for _ in range(4):
            for user in (ann, bob):
                insist(user)
        assert {cls for user in (ann, bob) for cls in troubles(user)} == {"edit loop"}
        with watched(w) as sent:
            for user in (ann, bob, ann, bob):
                insist(user)
        assert sent.sugar == 0
