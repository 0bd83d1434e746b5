"""Index terms: equal for what may be the same person, short, and nothing else."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contact.fields import PHONE_SLOTS
from shared.contact.model import Contact, Email
from shared.contact.normal import same_name
from shared.contact.terms import email_term, name_term, phone_term, terms

TERM = re.compile(r"[enp]:[A-Za-z0-9_-]{10}")


def test_all_of_a_contact() -> None:
    contact = Contact(
        {"first_name": "Ada", "last_name": "Lovelace", "phone_work": "415 555 2671", "phone_fax": "n/a"},
        (Email("Ada@example.org"), Email("ada@EXAMPLE.org"), Email("king@example.org"), Email(" ")),
    )
    assert terms(contact, "US") == tuple(
        sorted(
            [
                email_term("ada@example.org"),
                email_term("king@example.org"),
                str(name_term("ada", "lovelace")),
                str(phone_term("+1 415 555 2671", "DE")),
            ]
        )
    )


def test_terms_are_stored_and_so_may_never_change() -> None:
    assert email_term("ada@example.org") == "e:-c3xMjIfLK"
    assert name_term("Ada", "Lovelace") == "n:CUd6tpt_0Q"
    assert phone_term("+14155552671", "US") == "p:cSr9jOLsKf"


@pytest.mark.parametrize("contact", [Contact(), Contact({"last_name": " "}, None), Contact({"phone_work": "n/a"})])
def test_a_contact_that_says_nothing_has_none(contact: Contact) -> None:
    assert terms(contact, "US") == ()


@pytest.mark.parametrize("slot", PHONE_SLOTS)
def test_every_phone_slot_counts(slot: str) -> None:
    assert terms(Contact({slot: "(415) 555-2671"}), "US") == (phone_term("+14155552671", "US"),)


def test_a_lone_given_name_is_found_as_last_name() -> None:
    assert name_term("Cher", "") == name_term("", "CHER") == name_term("Chér", "-")
    assert name_term("", "-") is None
    assert name_term("Ada", "Lovelace") != name_term("Lovelace", "Ada")


names = st.sampled_from(["", "-", "Ada", "ADA", "Ád\u200ba", "Lovelace", "adalovelace"])


@given(names, names, names, names)
def test_the_same_name_has_the_same_term(first: str, last: str, other_first: str, other_last: str) -> None:
    one = Contact({"first_name": first, "last_name": last})
    other = Contact({"first_name": other_first, "last_name": other_last})
    shared = set(terms(one, "US")) & set(terms(other, "US"))
    assert bool(shared) is same_name(one, other)


@given(
    st.dictionaries(
        st.sampled_from(["first_name", "last_name", *PHONE_SLOTS]), st.text(st.characters(categories=None))
    ),
    st.lists(st.text(st.characters(categories=None))),
)
def test_any_contact_has_well_formed_terms(values: dict[str, str], addresses: list[str]) -> None:
    found = terms(Contact(values, tuple(map(Email, addresses))), "US")
    assert list(found) == sorted(set(found))
    assert all(map(TERM.fullmatch, found))


def test_kinds_do_not_mix_and_hashes_spread() -> None:
    found = {email_term(f"{a}{b}{c}@example.org") for a, b, c in permutations("abcdefghijklmnop", 3)}
    assert len(found) == 16 * 15 * 14
    assert email_term("12345") != phone_term("12345", "US")
