"""What only looks different, and what a side shows otherwise than it was written, is no edit."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contact.model import Contact, Email
from shared.sync.link import Link
from shared.sync.plan.merge import decode
from shared.sync.plan.verdict import Verdict
from tests.sync.plan.make import GOOGLE, SUGAR, env, google, like, link, sugar
from tests.sync.plan.test_merge import NAMED, only, run

TO_SUGAR, TO_GOOGLE = Verdict.TO_SUGAR, Verdict.TO_GOOGLE


@pytest.mark.parametrize(
    ("name", "in_sugar", "in_google"),
    [
        ("phone_work", "(202) 555-0143", "+1 202 555 0143"),
        ("title", "Head  of Sales ", "Head of Sales"),
        ("notes", "one\r\ntwo", "one\ntwo"),
        ("website", "http://Example.com/", "https://example.com"),
        ("first_name", "Jose\u0301", "José"),
    ],
)
def test_what_only_looks_different_is_agreed_on_and_not_written(name: str, in_sugar: str, in_google: str) -> None:
    values: dict[str, Any] = {"last_name": "Lee"}
    known = link(values)
    del known.base[name]
    found = run(env(), known, sugar(**{**values, name: in_sugar}), google(**{**values, name: in_google}))
    assert not found.changes
    assert found.link.base[name] == in_sugar


def test_a_lone_given_name_stands_as_last_name_in_sugar() -> None:
    known = Link(id="l1", sugar_id="s1", google_id="people/g1")
    found = run(env(), known, sugar(last_name="Cher"), google(first_name="Cher"))
    assert not found.changes
    assert (found.link.base["first_name"], found.link.base["last_name"]) == ("Cher", "")


def test_a_lone_given_name_that_gets_a_last_name_moves_back() -> None:
    known = link({"first_name": "Cher"})
    found = run(env(), known, sugar(last_name="Cher"), google(first_name="Cher", last_name="Bono"))
    assert [(s.side, s.payload) for s in found.steps] == [(SUGAR, {"first_name": "Cher", "last_name": "Bono"})]


def test_the_last_name_that_renders_a_given_name_can_be_edited() -> None:
    known = link({"first_name": "Cher"})
    found = run(env(), known, sugar(last_name="Bono"), google(first_name="Cher"))
    [step] = found.steps
    assert step.side is GOOGLE
    assert step.payload["names"] == [{"familyName": "Bono"}]


def test_a_stored_rendering_reads_as_the_base() -> None:
    known = link({"title": "Größe", **NAMED}, renderings={SUGAR: {"title": "Gr??e"}})
    assert not run(env(), known, sugar(title="Gr??e", **NAMED), google(title="Größe", **NAMED)).changes
    # Anything else it shows is an edit, also the base of another field.
    change = only(run(env(), known, sugar(title="Gr?e", **NAMED), google(title="Größe", **NAMED)), "title")
    assert change is not None
    assert change.verdict is TO_GOOGLE
    # The other side may not hide behind it.
    change = only(run(env(), known, sugar(title="Gr??e", **NAMED), google(title="Gr??e", **NAMED)), "title")
    assert change is not None
    assert change.verdict is TO_SUGAR


def test_a_rendering_of_a_value_that_was_never_agreed_on_counts_for_nothing() -> None:
    known = link(NAMED, renderings={SUGAR: {"title": "a"}}, blank=False)
    change = only(run(env(), known, sugar(title="a", **NAMED), google(title="b", **NAMED)), "title")
    assert change is not None
    assert change.verdict is TO_GOOGLE


def test_characters_that_sugar_cannot_store_are_no_edit() -> None:
    known = link({"notes": "hi 🎉", **NAMED})
    assert not run(env(), known, sugar(notes="hi ?", **NAMED), google(notes="hi 🎉", **NAMED)).changes
    assert not run(env(), known, sugar(notes="hi ????", **NAMED), google(notes="hi 🎉", **NAMED)).changes
    change = only(run(env(), known, sugar(notes="hi ??", **NAMED), google(notes="hi 🎉", **NAMED)), "notes")
    assert change is not None
    assert change.verdict is TO_GOOGLE


def test_without_a_link_a_side_shows_only_listed_renderings() -> None:
    shown = Contact({"first_name": "", "last_name": "Cher"}, (Email("a@x.example"),))
    meant = Contact({"first_name": "Cher", "last_name": ""})
    assert decode(env(), SUGAR, shown, None, meant).values == meant.values
    assert decode(env(), GOOGLE, shown, None, meant) == shown
    assert decode(env(), SUGAR, shown, None, None) == shown


def test_of_renderings_that_overlap_the_first_one_counts() -> None:
    overlapping = ({"title": "A"}, {"title": "A", "department": "D"}, {"nonsense": "N"})
    where = env(fields=like(SUGAR, renderings=lambda contact: overlapping))
    known = link({"title": "a", "department": "d", **NAMED})
    found = run(where, known, sugar(title="A", department="D", **NAMED), google(title="a", department="d", **NAMED))
    assert [change.name for change in found.changes] == ["department"]
