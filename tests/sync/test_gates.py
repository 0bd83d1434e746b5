"""What the user keeps private: contacts put aside, contacts that need a label to go into Sugar, values kept out of the
history."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.errors import BadSettings
from shared.sync.link import LinkState
from shared.sync.settings import parse
from tests.sync.crashes import Crash, Steps, fixed_point, rest
from tests.sync.stage import (
    BOTH,
    ON,
    entry,
    link_of,
    linked,
    person,
    settle,
    title_in_google,
    titled,
    troubles,
    watched,
)
from tests.world import User, World, world

NEVER, WELCOME = "Private", "For Sugar"


def aside(w: World, **settings: Any) -> User:
    user = w.user(**BOTH)
    user.set(never_label=user.account.label(NEVER), **settings)
    return user


def test_a_contact_put_aside_never_gets_to_sugar() -> None:
    with world() as w:
        user = aside(w)
        private = user.account.add(person("Pri", "Vate", "private@x.org"))
        user.account.set_labels(private, [NEVER])
        user.account.add(person("Pub", "Lic", "public@x.org"))
        settle(user)
        assert [row["first_name"] for row in w.sugar.contacts().values()] == ["Pub"]
        user.account.set_labels(private, [])
        settle(user)
        assert sorted(row["first_name"] for row in w.sugar.contacts().values()) == ["Pri", "Pub"]


def test_its_twin_in_sugar_is_neither_doubled_nor_asked_about() -> None:
    with world() as w:
        user = aside(w)
        private = user.account.add(person("Pri", "Vate", "private@x.org"))
        user.account.set_labels(private, [NEVER])
        settle(user)
        w.sugar.add(by=user.sugar_user, first_name="Pri", last_name="Vate", email=["private@x.org"])
        settle(user)
        assert len(user.account.people()) == 1
        assert not user.links()
        assert not user.backlog()
        user.account.set_labels(private, [])
        settle(user)
        assert link_of(user, private).state is LinkState.LIVE


def test_its_twin_in_sugar_is_looked_at_again_within_a_week_when_it_is_gone() -> None:
    """No change of the twin's own tells of it."""
    with world() as w:
        user = aside(w)
        private = user.account.add(person("Pri", "Vate", "private@x.org"))
        user.account.set_labels(private, [NEVER])
        settle(user)
        w.sugar.add(by=user.sugar_user, first_name="Pri", last_name="Vate", email=["private@x.org"])
        settle(user)
        user.account.remove(private)
        settle(user)
        w.clock.advance(7 * 86_400)
        settle(user)
        assert len(user.account.people()) == len(user.links()) == 1


def test_a_namesake_put_aside_is_not_doubled_either() -> None:
    with world() as w:
        user = aside(w)
        phone = {"phoneNumbers": [{"value": "+1 650 253 0000", "type": "work"}]}
        private = user.account.add({"names": [{"givenName": "Pri", "familyName": "Vate"}], **phone})
        user.account.set_labels(private, [NEVER])
        settle(user)
        w.sugar.add(by=user.sugar_user, first_name="Pri", last_name="Vate", phone_work="650 253 0000")
        settle(user)
        assert len(user.account.people()) == 1
        assert not user.backlog()


def test_putting_one_of_two_aside_tells_which_one_is_meant() -> None:
    with world() as w:
        user = aside(w)
        one, two = (user.account.add(person("Ada", "Byron", "ada@x.org")) for _ in range(2))
        record = w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        assert "ambiguous match" in troubles(user)
        user.account.set_labels(one, [NEVER])
        settle(user)
        user.wish(kind="release")
        settle(user)
        assert link_of(user, record).google_id == two
        assert not user.backlog()


@pytest.mark.parametrize("rule", ["keep", "delete"])
def test_putting_a_linked_contact_aside_leaves_both_as_they_are_whatever_the_rule(rule: str) -> None:
    with world() as w:
        user = aside(w, leaves_scope=rule, from_google=ON, from_sugar=ON)
        user, link = linked(w, user)
        user.account.set_labels(link.google_id, [NEVER])
        settle(user)
        assert link_of(user, link.sugar_id).state is LinkState.FROZEN
        with watched(w) as sent:
            w.sugar.edit(link.sugar_id, title="Mathematician")
            user.account.edit(link.google_id, organizations=titled("Poet"))
            settle(user)
        assert (sent.sugar, sent.google) == (0, 0)
        user.account.set_labels(link.google_id, [])
        settle(user)
        assert title_in_google(user, link) == "Mathematician"
        fixed_point(user)


def test_deleting_a_contact_put_aside_deletes_nothing_in_sugar() -> None:
    with world() as w:
        user, link = linked(w, aside(w, from_google=ON))
        user.account.set_labels(link.google_id, [NEVER])
        settle(user)
        user.account.remove(link.google_id)
        settle(user)
        assert link.sugar_id in w.sugar.contacts()


def test_choosing_the_label_later_freezes_those_that_carry_it() -> None:
    with world() as w:
        user, link = linked(w)
        user.account.set_labels(link.google_id, [NEVER])
        settle(user)
        user.set(never_label=user.account.label(NEVER))
        settle(user)
        assert link_of(user, link.sugar_id).state is LinkState.FROZEN
        user.set(never_label="")
        settle(user)
        assert link_of(user, link.sugar_id).state is LinkState.LIVE


def test_only_contacts_with_the_opt_in_label_are_created_in_sugar() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(opt_in_label=user.account.label(WELCOME))
        welcome = user.account.add(person("Wel", "Come", "welcome@x.org"))
        user.account.set_labels(welcome, [WELCOME])
        other = user.account.add(person("Not", "Yet", "not@x.org"))
        settle(user)
        assert [row["first_name"] for row in w.sugar.contacts().values()] == ["Wel"]
        user.account.set_labels(other, [WELCOME])
        settle(user)
        assert sorted(row["first_name"] for row in w.sugar.contacts().values()) == ["Not", "Wel"]


def test_without_the_opt_in_label_a_contact_that_sugar_has_is_still_linked() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(opt_in_label=user.account.label(WELCOME))
        user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        record = w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        assert link_of(user, record).state is LinkState.LIVE


def test_giving_the_opt_in_label_up_creates_those_that_waited() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(opt_in_label=user.account.label(WELCOME))
        user.account.add(person("Not", "Yet", "not@x.org"))
        settle(user)
        assert not w.sugar.contacts()
        user.set(opt_in_label="")
        settle(user)
        assert [row["first_name"] for row in w.sugar.contacts().values()] == ["Not"]


HIDDEN = ("phone_home", "notes", "emails")


def test_values_that_are_kept_out_stand_nowhere_in_the_history() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(history_without=list(HIDDEN))
        user, link = linked(w, user, phone_home="+1 650 253 0000", description="a secret note")
        w.sugar.edit(link.sugar_id, description="a further secret", phone_home="+1 650 333 0000", title="Poet")
        settle(user)
        user.account.edit(link.google_id, biographies=[{"value": "secret in Google", "contentType": "TEXT_PLAIN"}])
        settle(user)
        w.sugar.remove(link.sugar_id)
        user.set(from_sugar=ON)
        settle(user)
        rows = user.history()
        text = json.dumps(rows)
        for value in ("secret", "ada@x.org", "650"):
            assert value not in text
        kinds = {kind for row in rows for kind in row["kinds"]}
        assert {"create google", "update google", "update sugar", "delete google"} <= kinds
        told = {field["name"]: field for row in rows for field in row["fields"] if field["why"] == "changed in Sugar"}
        assert told["notes"]["hidden"]
        assert told["notes"]["before"] == told["notes"]["after"] == ""
        assert told["title"]["after"] == "Poet"
        assert all(row["hidden"] == sorted(HIDDEN) for row in rows)


def test_a_hidden_name_hides_what_the_row_is_called() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(history_without=["first_name"])
        linked(w, user)
        assert "Ada" not in json.dumps(user.history())
        assert "Byron" in json.dumps(user.history()[-1]["native"])


def test_a_crash_does_not_bring_hidden_values_into_the_history() -> None:
    with world() as w:
        user = w.user(**BOTH)
        user.set(history_without=["notes"])
        user, link = linked(w, user, description="a secret note")
        step, crashed = 0, True
        while crashed:
            step += 1
            w.sugar.edit(link.sugar_id, description=f"secret {step}")
            w.clock.advance(60)
            Steps(w, step)
            crashed = False
            try:
                user.run()
            except Crash:
                crashed = True
            Steps.off(w)
            w.clock.advance(1000)
            rest(user)
            assert "secret" not in json.dumps(user.history()), step
        assert step > 5


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"never_label": "Private"}, "never_label"),
        ({"opt_in_label": "x/y"}, "opt_in_label"),
        ({"never_label": "contactGroups/a", "google_scope": "contactGroups/a"}, "never_label"),
        ({"never_label": "contactGroups/a", "opt_in_label": "contactGroups/a"}, "never_label"),
        ({"history_without": ["shoe_size"]}, "history_without"),
        ({"history_days": -1}, "history_days"),
        ({"history_days": 4000}, "history_days"),
    ],
)
def test_bad_gates_are_refused_by_name(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(BadSettings) as caught:
        parse(settings)
    assert caught.value.field == field


def test_out_of_googles_scope_and_put_aside_are_two_things() -> None:
    with world() as w:
        user = aside(w)
        user.set(google_scope=user.account.label("Work"))
        outside = user.account.add(person("Ada", "Byron", "ada@x.org"))
        settle(user)
        w.sugar.add(by=user.sugar_user, first_name="Ada", last_name="Byron", email=["ada@x.org"])
        settle(user)
        assert entry(user)["class"] == "match outside the scope"
        user.account.set_labels(outside, [NEVER])
        settle(user)
        user.wish(kind="release")
        settle(user)
        assert not user.backlog()
        assert len(user.account.people()) == 1
