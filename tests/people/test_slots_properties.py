"""Properties of the pairing, over many lists of elements and contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contact.fields import PHONE_SLOTS, field
from shared.contact.model import Contact
from shared.contact.normal import normal
from tests.people.contacts import applied, contact, field_map, fields_of, phones

MAP = field_map()
NUMBERS = [f"+1202555010{n}" for n in range(5)]
TYPES = ["work", "main", "mobile", "home", "other", "", "workFax", "assistant", "pager", "Boat"]
STREETS = ["1 Main St", "2 Oak Ave"]

numbers = st.sampled_from(["", *NUMBERS])
phone_lists = st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(TYPES)), max_size=5)
phone_values = st.fixed_dictionaries({slot: numbers for slot in PHONE_SLOTS})
part = {
    "street": st.sampled_from(["", *STREETS]),
    "city": st.sampled_from(["", "Berlin", "Bonn"]),
    "country": st.sampled_from(["", "Germany"]),
}
address_values = st.fixed_dictionaries(
    {f"{slot}_{name}": each for slot in ("primary", "alt") for name, each in part.items()}
)
MEMBERS = {"street": "streetAddress", "city": "city", "country": "country"}
addresses = st.lists(
    st.builds(
        lambda values, kind: {**{MEMBERS[k]: v for k, v in values.items() if v}, **({"type": kind} if kind else {})},
        st.fixed_dictionaries(part),
        st.sampled_from(["work", "home", "other", "", "Boat"]),
    ).filter(lambda element: element.keys() - {"type"}),
    max_size=4,
).map(lambda found: {"addresses": found})
orgs = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["Acme", "Beta", "Corp"]), "title": st.sampled_from(["CEO", "CTO"])},
        optional={"type": st.sampled_from(["work", "school"]), "jobDescription": st.just("all of it")},
    ),
    max_size=3,
).map(lambda found: {"organizations": found})
org_values = st.fixed_dictionaries(
    {"company": st.sampled_from(["", "Acme", "Beta", "Zeta"]), "title": st.sampled_from(["", "CEO", "CFO"])}
)


def shown(target: Contact, family: str) -> dict[str, str]:
    return {name: _form(name, target.get(name)) for name in fields_of(family)}


def _form(name: str, value: str) -> str:
    return normal(field(name).kind, value, "US")


def rotated(native: dict[str, Any], by: int) -> dict[str, Any]:
    """Google gives elements in no reliable order."""
    return {name: found[by % len(found) :] + found[: by % len(found)] for name, found in native.items() if found}


def hidden_in(memo: Mapping[str, Any], family: str) -> Counter[str]:
    """The private elements, types and values."""
    return Counter(map(str, memo[family]["private"]))


def holds(family: str, native: dict[str, Any], first: Contact | None, edits: list[Contact], turn: int) -> None:
    """View, then for each target: update, and view what Google then has."""
    view = MAP.view(native, {}, first)
    memo = view.memo
    for target in edits:
        changed = [
            name for name in fields_of(family) if _form(name, view.contact.get(name)) != _form(name, target.get(name))
        ]
        if changed:
            hidden = hidden_in(memo, family)
            body = MAP.update(native, memo, target, changed, "k")
            after = rotated(applied(native, body), turn)
            kept = MAP.view(after, memo, target)
            assert not hidden - hidden_in(kept.memo, family), "a private element changed or vanished"
        else:
            after, kept = native, MAP.view(native, memo, target)
        assert shown(kept.contact, family) == shown(target, family)
        again = MAP.view(rotated(after, turn + 1), kept.memo, target)
        assert shown(again.contact, family) == shown(target, family)
        assert hidden_in(again.memo, family) == hidden_in(kept.memo, family)
        alone = MAP.view(after, again.memo, None)
        assert shown(alone.contact, family) == shown(target, family)
        assert not any(entry.get("fresh") for entry in again.memo[family]["slots"].values())
        native, memo, view = after, again.memo, again


@settings(max_examples=200, deadline=None)
@given(phone_lists, st.none() | phone_values, st.lists(phone_values, min_size=1, max_size=3), st.integers(0, 3))
def test_phones(elements: list[tuple[str, str]], first: Any, edits: list[Any], turn: int) -> None:
    other = None if first is None else contact(**first)
    holds("phones", phones(*elements), other, [contact(**edit) for edit in edits], turn)


@settings(max_examples=200, deadline=None)
@given(addresses, st.none() | address_values, st.lists(address_values, min_size=1, max_size=3), st.integers(0, 3))
def test_addresses(native: dict[str, Any], first: Any, edits: list[Any], turn: int) -> None:
    other = None if first is None else contact(**first)
    holds("addresses", native, other, [contact(**edit) for edit in edits], turn)


@settings(max_examples=200, deadline=None)
@given(orgs, st.none() | org_values, st.lists(org_values, min_size=1, max_size=3), st.integers(0, 3))
def test_organizations(native: dict[str, Any], first: Any, edits: list[Any], turn: int) -> None:
    other = None if first is None else contact(**first)
    holds("org", native, other, [contact(**edit) for edit in edits], turn)
