"""The three-way merge of the one field that is a set: email addresses."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from shared.contact.model import Email
from shared.contact.normal import email_key


@dataclass(frozen=True, slots=True)
class EmailMerge:
    """What each side should hold, and what is agreed on once it does."""

    sugar: tuple[Email, ...]
    google: tuple[Email, ...]
    base: frozenset[str]
    """The keys to remember as the next merge's base, once the writes below have happened."""
    to_sugar: bool
    """Sugar must be written."""
    to_google: bool
    """Google must be written."""
    owed: bool
    """The sides still differ afterwards, because a direction is closed."""


def email_keys(emails: Iterable[Email]) -> frozenset[str]:
    """The set of addresses, as they are compared; blank ones are none."""
    return frozenset(key for email in emails if (key := email_key(email.address)))


def merge_emails(
    base: frozenset[str] | None,
    sugar: tuple[Email, ...],
    google: tuple[Email, ...],
    *,
    to_sugar: bool,
    to_google: bool,
    sugar_only: frozenset[str] = frozenset(),
    google_only: frozenset[str] = frozenset(),
) -> EmailMerge:
    """Merges address by address: what a side added since the base is added, what it removed is removed.

    Each side keeps its own spelling, order, duplicates and blanks; new addresses come last. A side with nothing to
    change, or whose direction is closed, gets back exactly what it gave. In Sugar the first address is the primary:
    it stays so unless removed, then the next one moves up.

    Addresses **replaced** in Google keep their standing in Sugar: the i-th that vanished (in Sugar's order) is taken
    over by the i-th new one (in Google's), which inherits its place and its opt-out, not its ``invalid``. When there
    are more of one than of the other the pairs are a guess; then one opted-out address among the vanished opts all
    new ones out, because mailing somebody who declined is worse than asking twice.

    The base advances per address, only where both sides hold it or both lack it: an addition that a closed direction
    holds back stays an addition, and a removal stays a removal, until the direction is open.

    Args:
        base: the keys both sides last agreed on; ``None`` if they never did, so that nothing counts as removed.
        sugar: Sugar's addresses, the primary first.
        google: Google's addresses; their order means nothing.
        to_sugar: whether Google's news may be written to Sugar.
        to_google: whether Sugar's news may be written to Google.
        sugar_only: keys that a person keeps apart: they stay in Sugar and take no part; see :func:`still_apart`.
        google_only: the same for Google.
    """
    before = (base or frozenset()) - sugar_only - google_only
    in_sugar, in_google = email_keys(sugar) - sugar_only, email_keys(google) - google_only
    if in_sugar == in_google:  # the rule; nothing to write, and all of it is agreed on
        return EmailMerge(sugar, google, in_sugar, to_sugar=False, to_google=False, owed=False)
    target = (before & in_sugar & in_google) | (in_sugar - before) | (in_google - before)

    merged_sugar, merged_google = sugar, google
    if to_sugar and in_sugar != target:
        merged_sugar = _into_sugar(sugar, google, target | sugar_only)
    if to_google and in_google != target:
        merged_google = _into_google(sugar, google, target | google_only)
    after_sugar = target if to_sugar else in_sugar
    after_google = target if to_google else in_google
    return EmailMerge(
        sugar=merged_sugar,
        google=merged_google,
        base=(after_sugar & after_google) | (before & (after_sugar | after_google)),
        to_sugar=merged_sugar is not sugar,
        to_google=merged_google is not google,
        owed=after_sugar != after_google,
    )


def still_apart(private: Iterable[str], here: frozenset[str], there: frozenset[str]) -> frozenset[str]:
    """Those of one side's private keys that are so still: it holds them and the other side does not."""
    return (frozenset(private) & here) - there


def _into_sugar(sugar: tuple[Email, ...], google: tuple[Email, ...], target: frozenset[str]) -> tuple[Email, ...]:
    """Sugar's addresses made to be ``target``; what is missing comes from Google."""
    vanished: dict[str, bool] = {}
    """Each key that goes, in Sugar's order, and whether it was opted out under any of its spellings."""
    for email in sugar:
        key = email_key(email.address)
        if key and key not in target:
            vanished[key] = vanished.get(key, False) or email.opt_out
    new = _missing(google, email_keys(sugar), target)
    guessed = len(vanished) != len(new) and any(vanished.values())
    heirs = {
        key: Email(address, opt_out=opt_out or guessed)
        for (key, opt_out), address in zip(vanished.items(), new, strict=False)
    }

    kept: list[Email] = []
    for email in sugar:
        key = email_key(email.address)
        if key not in vanished:
            kept.append(email)
        elif key in heirs:
            kept.append(heirs.pop(key))
    appended = (Email(address, opt_out=guessed) for address in new[len(vanished) :])
    return (*kept, *appended)


def _into_google(sugar: tuple[Email, ...], google: tuple[Email, ...], target: frozenset[str]) -> tuple[Email, ...]:
    """Google's addresses made to be ``target``; what is missing comes from Sugar, without its flags."""
    kept = (email for email in google if not (key := email_key(email.address)) or key in target)
    return (*kept, *map(Email, _missing(sugar, email_keys(google), target)))


def _missing(source: Iterable[Email], held: Container[str], target: frozenset[str]) -> list[str]:
    """The addresses of ``target`` that are not held yet, once each, as the source spells and orders them."""
    found: dict[str, str] = {}
    for email in source:
        key = email_key(email.address)
        if key in target and key not in held:
            found.setdefault(key, email.address)
    return list(found.values())
