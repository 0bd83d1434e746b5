"""Emails merge as a set, and opt-outs survive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contact.emails import EmailMerge, email_keys, merge_emails, still_apart
from shared.contact.model import Email


def out(address: str) -> Email:
    return Email(address, opt_out=True)


def emails(spec: str) -> tuple[Email, ...]:
    """``"a B! c?"``: a, B (opted out), c (invalid), all at example.org."""
    return tuple(
        Email(word.rstrip("!?") + "@example.org", opt_out="!" in word, invalid="?" in word) for word in spec.split()
    )


def spec(found: tuple[Email, ...]) -> str:
    return " ".join(e.address.removesuffix("@example.org") + "!" * e.opt_out + "?" * e.invalid for e in found)


def keys(letters: str) -> frozenset[str]:
    return frozenset(letter + "@example.org" for letter in letters.split())


@pytest.mark.parametrize(
    ("base", "sugar", "google", "sugar_after", "google_after"),
    [
        # Never agreed: a union, in each side's own spelling and order.
        (None, "", "", "", ""),
        (None, "a b", "c a", "a b c", "c a b"),
        (None, "A", "a", "A", "a"),
        (None, "", "b a", "b a", "b a"),
        (None, "a!", "", "a!", "a"),
        # Nothing new.
        ("a b", "a! b?", "b a", "a! b?", "b a"),
        ("a", "A", "a", "A", "a"),
        # Added, removed, on one side or alike.
        ("a", "a b", "a", "a b", "a b"),
        ("a", "a", "a b", "a b", "a b"),
        ("a", "a b", "c a", "a b c", "c a b"),
        ("a", "a b", "a B", "a b", "a B"),
        ("a b", "a", "b a", "a", "a"),
        ("a b", "a b", "a", "a", "a"),
        ("a b", "b", "a", "", ""),
        ("a b", "a", "a", "a", "a"),
        ("a", "", "", "", ""),
        ("", "a", "b", "a b", "b a"),
        ("a", "a", "", "", ""),
        ("a", "", "a", "", ""),
        # Removed here, re-added in another spelling there: still the same address, so it goes.
        ("a", "", "A", "", ""),
        # The primary goes: the next one moves up.
        ("a b c", "a b c", "c b", "b c", "c b"),
        # Replaced in Google: place and opt-out stay, `invalid` does not.
        ("a b", "a! b", "x b", "x! b", "x b"),
        ("a b", "a? b", "b x", "x b", "b x"),
        ("a b c", "a b! c", "x c y", "x y! c", "x c y"),
        # Replaced, and Sugar has news of its own.
        ("a", "a! n", "x", "x! n", "x n"),
        ("a", "n a!", "x", "n x!", "x n"),
        # Replaced with what Sugar added itself: Sugar knows best about its own.
        ("a", "a! x", "x", "x", "x"),
        # Replaced on both sides.
        ("a", "b!", "c", "b! c", "c b"),
        # Counts differ: the pairs are a guess, one opt-out counts for all.
        ("a", "a!", "x y", "x! y!", "x y"),
        ("a", "a", "x y", "x y", "x y"),
        ("a b", "a b!", "x", "x!", "x"),
        ("a b", "a b", "x", "x", "x"),
        ("a b c", "a b! c", "x c y z", "x! y! c z!", "x c y z"),
        # An opted-out address that merely goes leaves the others as they are.
        ("a b", "a! b", "b", "b", "b"),
        # Duplicates and blanks are left as they are, and go together.
        ("a", "a A!", "a a", "a A!", "a a"),
        ("a", "a A! b", "x", "x! b", "x b"),
        ("a b", "b", "a A b", "b", "b"),
        (None, "", "b B", "b", "b B"),
    ],
)
def test_both_directions(base: str | None, sugar: str, google: str, sugar_after: str, google_after: str) -> None:
    before = None if base is None else keys(base)
    merged = merge_emails(before, emails(sugar), emails(google), to_sugar=True, to_google=True)
    assert (spec(merged.sugar), spec(merged.google)) == (sugar_after, google_after)
    assert (merged.to_sugar, merged.to_google) == (sugar != sugar_after, google != google_after)
    assert merged.base == email_keys(merged.sugar)
    assert not merged.owed


@pytest.mark.parametrize(
    ("base", "sugar", "google", "to_sugar", "to_google", "sugar_after", "google_after", "base_after", "owed"),
    [
        # Google's addition and removal wait; Sugar's are carried.
        ("a b", "a b c", "a d", False, True, "a b c", "a d c", "a b c", True),
        # Sugar's wait, Google's are carried; `d` stands where `b` was.
        ("a b", "a b c", "a d", True, False, "a d c", "a d", "a d", True),
        ("a b", "a b c", "a d", False, False, "a b c", "a d", "a b", True),
        # Both removed it, or both hold it: agreed, whatever the switches say.
        ("a b", "a", "a", False, False, "a", "a", "a", False),
        (None, "a", "a", False, False, "a", "a", "a", False),
        (None, "a", "b", False, False, "a", "b", "", True),
        (None, "a", "b", True, False, "a b", "b", "b", True),
        # A removal that waits is a removal still.
        ("a b", "a", "a b", True, False, "a", "a b", "a b", True),
        # A replacement that waits is a replacement still.
        ("a", "a!", "x", False, True, "a!", "x", "a", True),
    ],
)
def test_closed_directions(
    base: str | None,
    sugar: str,
    google: str,
    to_sugar: bool,
    to_google: bool,
    sugar_after: str,
    google_after: str,
    base_after: str,
    owed: bool,
) -> None:
    before = None if base is None else keys(base)
    merged = merge_emails(before, emails(sugar), emails(google), to_sugar=to_sugar, to_google=to_google)
    assert (spec(merged.sugar), spec(merged.google)) == (sugar_after, google_after)
    assert merged.base == keys(base_after)
    assert merged.owed is owed
    assert (merged.to_sugar, merged.to_google) == (sugar != sugar_after, google != google_after)


def test_a_replacement_that_waited_keeps_its_opt_out() -> None:
    waiting = merge_emails(keys("a"), emails("a!"), emails("x"), to_sugar=False, to_google=True)
    opened = merge_emails(waiting.base, waiting.sugar, waiting.google, to_sugar=True, to_google=True)
    assert spec(opened.sugar) == "x!"


def test_blank_addresses_are_left_alone_and_belong_to_no_set() -> None:
    blank = (Email(" "), Email("a@example.org"))
    merged = merge_emails(None, blank, (), to_sugar=True, to_google=True)
    assert merged.sugar == blank
    assert spec(merged.google) == "a"
    assert merged.base == keys("a")


def test_what_google_gets_carries_no_flags() -> None:
    merged = merge_emails(
        None, (Email("a@example.org", opt_out=True, invalid=True),), (), to_sugar=True, to_google=True
    )
    assert merged.google == (Email("a@example.org"),)


# -- properties --------------------------------------------------------------------------------------

WORDS = [*"abcdefABC", " "]
words = st.sampled_from(WORDS)
sugars = st.lists(st.builds(Email, words, st.booleans(), st.booleans()), max_size=6).map(tuple)
googles = st.lists(st.builds(Email, words), max_size=6).map(tuple)
bases = st.none() | st.frozensets(st.sampled_from("abcdef"))
Emails = tuple[Email, ...]
Base = frozenset[str] | None


def again(merged: EmailMerge, *, to_sugar: bool = True, to_google: bool = True) -> EmailMerge:
    return merge_emails(merged.base, merged.sugar, merged.google, to_sugar=to_sugar, to_google=to_google)


@given(bases, sugars, googles)
def test_open_directions_converge(base: Base, sugar: Emails, google: Emails) -> None:
    merged = merge_emails(base, sugar, google, to_sugar=True, to_google=True)
    assert email_keys(merged.sugar) == email_keys(merged.google) == merged.base
    assert not merged.owed


@given(bases, sugars, googles, st.booleans(), st.booleans())
def test_a_second_merge_changes_nothing(
    base: Base, sugar: Emails, google: Emails, to_sugar: bool, to_google: bool
) -> None:
    merged = merge_emails(base, sugar, google, to_sugar=to_sugar, to_google=to_google)
    second = again(merged, to_sugar=to_sugar, to_google=to_google)
    assert (second.sugar, second.google, second.base) == (merged.sugar, merged.google, merged.base)
    assert not second.to_sugar
    assert not second.to_google
    assert second.owed is merged.owed


@given(bases, sugars, googles)
def test_additions_live_and_removals_are_carried(base: Base, sugar: Emails, google: Emails) -> None:
    before, in_sugar, in_google = base or frozenset(), email_keys(sugar), email_keys(google)
    merged = merge_emails(base, sugar, google, to_sugar=True, to_google=True)
    assert (in_sugar | in_google) - before <= merged.base
    assert not (before - in_sugar) & merged.base
    assert not (before - in_google) & merged.base
    assert before & in_sugar & in_google <= merged.base


@given(bases, sugars, googles, st.booleans(), st.booleans())
def test_a_closed_direction_never_changes_its_side(
    base: Base, sugar: Emails, google: Emails, to_sugar: bool, to_google: bool
) -> None:
    merged = merge_emails(base, sugar, google, to_sugar=to_sugar, to_google=to_google)
    assert merged.to_sugar is (merged.sugar != sugar)
    assert merged.to_google is (merged.google != google)
    assert to_sugar or not merged.to_sugar
    assert to_google or not merged.to_google
    assert merged.owed is (email_keys(merged.sugar) != email_keys(merged.google))
    assert not merged.owed or not (to_sugar and to_google)


@given(bases, sugars, googles, st.booleans())
def test_what_a_side_keeps_it_keeps_as_it_was(base: Base, sugar: Emails, google: Emails, to_google: bool) -> None:
    merged = merge_emails(base, sugar, google, to_sugar=True, to_google=to_google)
    held = email_keys(merged.sugar) & email_keys(sugar)
    assert [e for e in sugar if email_keys([e]) <= held] == [
        e for e in merged.sugar if email_keys([e]) <= email_keys(sugar)
    ]
    kept = email_keys(merged.google) & email_keys(google)
    assert [e for e in google if email_keys([e]) <= kept] == [
        e for e in merged.google if email_keys([e]) <= email_keys(google)
    ]


@given(bases, sugars, googles)
def test_a_replaced_address_keeps_its_opt_out(base: Base, sugar: Emails, google: Emails) -> None:
    merged = merge_emails(base, sugar, google, to_sugar=True, to_google=True)
    gone = [e for e in sugar if not email_keys([e]) <= merged.base]
    new = [e for e in merged.sugar if not email_keys([e]) <= email_keys(sugar)]
    if any(e.opt_out for e in gone) and new:
        opted_out = len({key for e in gone if e.opt_out for key in email_keys([e])})
        assert sum(e.opt_out for e in new) >= min(opted_out, len(new))
    else:
        assert not any(e.opt_out for e in new)
    assert not any(e.invalid for e in new)


@given(sugars, st.lists(words, min_size=1, max_size=1))
def test_a_replaced_primary_stays_primary(sugar: Emails, word: list[str]) -> None:
    agreed = email_keys(sugar)
    new = email_keys([Email(word[0])]) - agreed
    if not new or not agreed or not sugar[0].address.strip():
        return
    primary = email_keys(sugar[:1])
    google = tuple(map(Email, (agreed - primary) | new))
    merged = merge_emails(agreed, sugar, google, to_sugar=True, to_google=True)
    assert email_keys(merged.sugar[:1]) == new


@given(st.frozensets(st.sampled_from("abcdef")), googles, st.booleans())
def test_opening_late_ends_where_opening_early_does(agreed: frozenset[str], edited: Emails, in_sugar: bool) -> None:
    still = tuple(map(Email, sorted(agreed)))
    sugar, google = (edited, still) if in_sugar else (still, edited)
    early = merge_emails(agreed, sugar, google, to_sugar=True, to_google=True)
    closed = merge_emails(agreed, sugar, google, to_sugar=in_sugar, to_google=not in_sugar)
    assert (closed.sugar, closed.google, closed.base - agreed) == (sugar, google, frozenset())
    late = again(closed)
    assert (late.sugar, late.google, late.base) == (early.sugar, early.google, early.base)


@given(bases, sugars, googles, st.booleans(), st.booleans())
def test_waiting_loses_no_side_s_word(
    base: Base, sugar: Emails, google: Emails, to_sugar: bool, to_google: bool
) -> None:
    early = merge_emails(base, sugar, google, to_sugar=True, to_google=True)
    late = again(merge_emails(base, sugar, google, to_sugar=to_sugar, to_google=to_google))
    assert late.base == early.base


@pytest.mark.parametrize(
    ("base", "sugar", "google", "only", "sugar_after", "google_after", "base_after"),
    [
        # Each keeps its own.
        ("a", "a s!", "g a", "s g", "a s!", "g a", "a"),
        # News go their way all the same, past those that are kept apart.
        ("a", "s a n", "a g", "s g", "s a n", "a g n", "a n"),
        ("a b", "s a", "g b a", "s g", "s a", "g a", "a"),
        ("a", "s! a!", "x g", "s g", "s! x!", "x g", "x"),
        (None, "s a", "g", "s g", "s a", "g a", "a"),
        # The one that is private is removed where it stands: nobody else is concerned.
        ("a", "a", "a g", "s g", "a", "a g", "a"),
        # Come to stand on both sides, it is like any other.
        ("a", "a s", "a s", "s g", "a s", "a s", "a s"),
    ],
)
def test_addresses_kept_apart_take_no_part(
    base: str | None, sugar: str, google: str, only: str, sugar_after: str, google_after: str, base_after: str
) -> None:
    mine, theirs = email_keys(emails(sugar)), email_keys(emails(google))
    merged = merge_emails(
        None if base is None else keys(base),
        emails(sugar),
        emails(google),
        to_sugar=True,
        to_google=True,
        sugar_only=still_apart(keys(only[0]), mine, theirs),
        google_only=still_apart(keys(only[2]), theirs, mine),
    )
    assert (spec(merged.sugar), spec(merged.google)) == (sugar_after, google_after)
    assert merged.base == keys(base_after)
    assert not merged.owed
