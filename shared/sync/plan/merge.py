"""Merging the two records of one contact, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from shared.contact.emails import email_keys, merge_emails, still_apart
from shared.contact.fields import EMAILS
from shared.contact.merge import Drift, apart, three_way
from shared.contact.model import Contact, Email
from shared.contact.normal import email_key, normal
from shared.names import Op, SideName
from shared.side import FieldMap, Memo, Native, Problem, Record, View
from shared.sync.link import Link
from shared.sync.plan.loops import swings
from shared.sync.plan.model import BOTH, Answer, Entry, Env, FieldChange, Half, Step, Trouble
from shared.sync.plan.verdict import TO, Verdict, decide, winner

_WHO = {SideName.SUGAR: "Sugar", SideName.GOOGLE: "Google"}
KEPT_APART = "kept apart by you"


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging one pair comes to."""

    link: Link
    """With the base advanced over everything that both sides hold already."""
    changes: tuple[FieldChange, ...]
    """Every field that differs."""
    steps: tuple[Step, ...]
    entries: tuple[Entry, ...]
    held: bool
    """A difference stays because of a switch or an open question: a change of settings has to look again."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides as contacts, with their renderings read as what they render."""

    sugar: Contact
    google: Contact
    sugar_memo: Memo
    google_memo: Memo
    problems: tuple[Problem, ...]

    def contact(self, side: SideName) -> Contact:
        return self.sugar if side is SideName.SUGAR else self.google

    def memo(self, side: SideName) -> Memo:
        return self.sugar_memo if side is SideName.SUGAR else self.google_memo


def look(env: Env, link: Link | None, sugar: Record, google: Record) -> Pair:
    """Both records as contacts.

    A side that shows exactly how it renders the other's present value, or the base, is read as holding that value;
    anything else it shows is its own.
    """
    views: dict[SideName, View] = {}
    memos = link.memo if link else {}
    first = env.fields[SideName.SUGAR].view(sugar.native, memos.get(SideName.SUGAR, {}), None)
    views[SideName.GOOGLE] = env.fields[SideName.GOOGLE].view(
        google.native, memos.get(SideName.GOOGLE, {}), first.contact
    )
    views[SideName.SUGAR] = first
    shown = {side: view.contact for side, view in views.items()}
    for side in SideName:
        shown[side] = decode(env, side, shown[side], link, shown[side.other])
    return Pair(
        sugar=shown[SideName.SUGAR],
        google=shown[SideName.GOOGLE],
        sugar_memo=views[SideName.SUGAR].memo,
        google_memo=views[SideName.GOOGLE].memo,
        problems=(*views[SideName.SUGAR].problems, *views[SideName.GOOGLE].problems),
    )


def decode(env: Env, side: SideName, shown: Contact, link: Link | None, other: Contact | None) -> Contact:
    """The contact with renderings replaced by the values that they render, and emails that the side is known to
    leave out put back."""
    fields: FieldMap = env.fields[side]
    groups: list[tuple[Mapping[str, str], Contact]] = []
    if other is not None:
        groups += [(group, other) for group in fields.renderings(other)]
    if link is not None:
        base = Contact(values=link.base)
        groups += [(group, base) for group in fields.renderings(base)]
        groups += [({name: text}, base) for name, text in link.renderings.get(side, {}).items() if name in link.base]
    region = env.settings.region
    values = dict(shown.values)
    done: set[str] = set()
    for group, reference in groups:
        if done.intersection(group) or not all(name in values for name in group):
            continue
        kinds = {name: env.kind(name) for name in group}
        if all(normal(kinds[n], values[n], region) == normal(kinds[n], text, region) for n, text in group.items()):
            values.update({name: reference.get(name) for name in group})
            done.update(group)
    emails = shown.emails
    if link is not None and emails is not None:
        keys = email_keys(emails)
        emails = (*emails, *(Email(key) for key in left_out(link, side) if key not in keys))
    return replace(shown, values=values, emails=emails)


def left_out(link: Link, side: SideName) -> tuple[str, ...]:
    """Email keys of the base that this side is known to leave out; one that left the base may be sent again."""
    return tuple(key for key in link.dropped_emails.get(side, ()) if key in (link.base_emails or ()))


def merge(env: Env, link: Link, sugar: Half, google: Half, answer: Answer | None = None) -> Merged:
    """Decides every field of a linked pair (or of one that is being linked: its base is empty).

    Both halves are present. Nothing of the arguments is changed.

    Args:
        answer: what a person has decided about it.
    """
    records = {SideName.SUGAR: _record(sugar), SideName.GOOGLE: _record(google)}
    pair = look(env, link, records[SideName.SUGAR], records[SideName.GOOGLE])
    merged = link.copy()
    merged.versions = {side: record.version for side, record in records.items()}
    merged.memo = {side: memo for side in SideName if (memo := pair.memo(side))}
    if pair.problems:
        entry = Entry(Trouble.UNREADABLE, "a value cannot be read", problems=pair.problems)
        return Merged(merged, (), (), (entry,), held=False)
    if (large := too_large({side: (record, pair.contact(side)) for side, record in records.items()})) is not None:
        return Merged(merged, (), (), (large,), held=False)

    changes = list(_fields(env, link, merged, pair, _newer(sugar, google), answer))
    targets, email_changes = _emails(env, link, merged, pair)
    changes += email_changes

    wanted: dict[SideName, dict[str, str]] = {side: {} for side in SideName}
    for change in changes:
        if (side := change.verdict.target) is not None and change.name != EMAILS:
            wanted[side][change.name] = change.google if side is SideName.SUGAR else change.sugar
    steps: list[Step] = []
    problems: list[Problem] = []
    for side in SideName:
        changed = list(wanted[side])
        target = pair.contact(side).with_values(wanted[side])
        if side in targets:
            changed.append(EMAILS)
            target = replace(target, emails=targets[side])
        if not changed:
            continue
        problems += env.fields[side].check(target, changed)
        record = records[side]
        payload = env.fields[side].update(record.native, pair.memo(side), target, changed, link.id)
        if payload:
            steps.append(
                Step(side, Op.UPDATE, payload, record.id, record.version, record.native, target, tuple(changed))
            )
    if problems:
        entry = Entry(
            Trouble.CANNOT_HOLD,
            "a value does not fit on the other side",
            fields=tuple(c for c in changes if any(p.field == c.name for p in problems)),
            problems=tuple(problems),
        )
        return Merged(merged, tuple(changes), (), (entry,), held=False)
    entries = _questions(changes)
    held = bool(entries) or any(change.verdict is Verdict.HELD and _switched_off(env, change) for change in changes)
    return Merged(merged, tuple(changes), tuple(steps), entries, held)


def _questions(changes: list[FieldChange]) -> tuple[Entry, ...]:
    """What a person has to decide of single fields."""
    asked = tuple(change for change in changes if change.verdict is Verdict.ASK)
    looping = tuple(change for change in changes if change.verdict is Verdict.LOOP)
    found = [Entry(Trouble.CONFLICT, "both sides changed it", fields=asked, whole=False)] if asked else []
    if looping:
        message = (
            "it went back and forth between two values several times within a day: somebody, or another program, keeps"
            " changing it back"
        )
        found.append(Entry(Trouble.LOOP, message, fields=looping, whole=False))
    return tuple(found)


def _switched_off(env: Env, change: FieldChange) -> bool:
    """Whether a switch holds it back; what a side is not able to take no setting brings about."""
    news = {SideName.SUGAR: change.google, SideName.GOOGLE: change.sugar}
    return any(
        able(env, side, change.name, value) and not env.direction(side.other).update for side, value in news.items()
    )


MOST = 128 * 1024
"""Bytes of one record's texts: what Google allows a contact, and what history can keep before and after."""


def too_large(shown: Mapping[SideName, tuple[Record, Contact]]) -> Entry | None:
    """The entry for a contact that is beyond what can be kept for an undo; names the largest field that is synced."""
    for side, (record, contact) in shown.items():
        if _small(record.native) or _weight(record.native) <= MOST:
            continue
        message = f"the contact as a whole is too large: a contact may have {MOST // 1024} kB of text"
        sizes = {name: _weight(value) for name, value in contact.values.items()}
        largest = max(sizes, key=lambda name: sizes[name], default="")
        words = f"the largest field in {_WHO[side]}, {sizes.get(largest, 0) // 1024} kB of text"
        return Entry(Trouble.CANNOT_HOLD, message, problems=(Problem(largest, words),) if largest else ())
    return None


def _small(native: Native) -> bool:
    """Whether it is small for sure, names and all; quicker to tell than its weight."""
    try:
        return len(msgspec.json.encode(native)) <= MOST
    except UnicodeEncodeError:
        return False


def _weight(value: object) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "replace"))
    if isinstance(value, dict):
        return sum(_weight(item) for item in value.values())
    if isinstance(value, list):
        return sum(_weight(item) for item in value)
    return 0


def _record(half: Half) -> Record:
    if half.record is None:
        raise ValueError("merging needs both records")
    return half.record


def _newer(sugar: Half, google: Half) -> SideName | None:
    if not sugar.seen_at or not google.seen_at or sugar.seen_at == google.seen_at:
        return None
    return SideName.SUGAR if sugar.seen_at > google.seen_at else SideName.GOOGLE


def able(env: Env, side: SideName, name: str, value: str) -> bool:
    """Whether that side can take this value at all: the field is there, writable, and can show it."""
    capability = env.fields[side].capabilities.get(name)
    return capability is not None and capability.writable and not env.fields[side].unheld(name, value)


def open_to(env: Env, side: SideName, name: str, value: str) -> bool:
    """Whether this value may be written to that side: it is able to take it, and its Update switch is on."""
    return env.direction(side.other).update and able(env, side, name, value)


def _fields(
    env: Env, link: Link, merged: Link, pair: Pair, newer: SideName | None, answer: Answer | None
) -> list[FieldChange]:
    region = env.settings.region
    changes: list[FieldChange] = []
    for name in env.names:
        if name == EMAILS or name not in pair.sugar.values or name not in pair.google.values:
            continue  # not readable on one side: nobody owes it
        sugar, google, base = pair.sugar.values[name], pair.google.values[name], link.base.get(name)
        kept = link.apart.get(name)
        if sugar == google == base and kept is None:
            continue  # alike to the letter: no normal form can tell them apart
        kind = env.kind(name)
        forms = normal(kind, sugar, region), normal(kind, google, region)
        if kept is None:
            drift = three_way(None if base is None else normal(kind, base, region), *forms)
        else:
            then = normal(kind, kept[SideName.SUGAR], region), normal(kind, kept[SideName.GOOGLE], region)
            drift = apart(*then, *forms)
        if drift is Drift.NONE:
            if kept is not None:
                changes.append(FieldChange(name, Verdict.APART, sugar, google, None, KEPT_APART))
            continue
        if drift is Drift.ALIKE:
            merged.base[name] = sugar
            forget(merged, name)
            continue
        keep = answer.keeps(name, sugar, google) if answer is not None else None
        if keep == BOTH:
            forget(merged, name)
            merged.keep_apart(name, sugar, google)
            changes.append(FieldChange(name, Verdict.APART, sugar, google, None, KEPT_APART))
            continue
        if keep is not None:
            changes.append(_kept(env, name, sugar, google, base, SideName(keep)))
            continue
        wins = winner(env.settings.conflict, newer=newer)
        verdict = decide(
            drift,
            to_sugar=open_to(env, SideName.SUGAR, name, google),
            to_google=open_to(env, SideName.GOOGLE, name, sugar),
            wins=wins,
        )
        if (target := verdict.target) is not None and (
            name in link.looping or swings(link, name, target, forms[0 if target is SideName.GOOGLE else 1], env.now)
        ):
            why = "went back and forth; waits for a decision"
            changes.append(FieldChange(name, Verdict.LOOP, sugar, google, base, why))
            continue
        loser = None
        if drift is Drift.BOTH and (target := verdict.target) is not None:
            loser = sugar if target is SideName.SUGAR else google
        # A side that is kept apart has agreed with itself alone: it knows what it has changed since.
        why = _why(drift, verdict, base if kept is None else "")
        changes.append(FieldChange(name, verdict, sugar, google, base if kept is None else None, why, loser))
    return changes


def _kept(env: Env, name: str, sugar: str, google: str, base: str | None, side: SideName) -> FieldChange:
    """What a person has decided: no rule and no switch has a say in it, only what the other side is able to take."""
    value, loser = (sugar, google) if side is SideName.SUGAR else (google, sugar)
    if not able(env, side.other, name, value):
        return FieldChange(name, Verdict.HELD, sugar, google, base, f"{_WHO[side.other]} cannot take it; held back")
    why = f"decided by you: {_WHO[side]}'s value is kept"
    return FieldChange(name, TO[side.other], sugar, google, base, why, loser, decided=True)


def forget(link: Link, name: str) -> None:
    """Renderings and what a person keeps apart belong to one value of the base; with the value they go."""
    link.renderings = {
        side: {key: text for key, text in known.items() if key != name} for side, known in link.renderings.items()
    }
    link.apart = {key: kept for key, kept in link.apart.items() if key != name}


def _why(drift: Drift, verdict: Verdict, base: str | None) -> str:
    if drift is Drift.BOTH:
        if (target := verdict.target) is not None:
            return f"conflict: {_WHO[target.other]} wins"
        return "conflict: waits for a decision" if verdict is Verdict.ASK else "conflict: no direction is open"
    source = SideName.SUGAR if drift is Drift.SUGAR else SideName.GOOGLE
    if base is None:
        text = f"blank in {_WHO[source.other]}"
    else:
        text = f"changed in {_WHO[source]}"
    return text if verdict.target else f"{text}; held back"


def _emails(
    env: Env, link: Link, merged: Link, pair: Pair
) -> tuple[dict[SideName, tuple[Email, ...]], list[FieldChange]]:
    """What each side's emails should be where they must be written, and the changes to show."""
    sugar, google = pair.sugar.emails, pair.google.emails
    if EMAILS not in env.names or sugar is None or google is None:
        return {}, []
    base = None if link.base_emails is None else frozenset(link.base_emails)
    keys = {SideName.SUGAR: email_keys(sugar), SideName.GOOGLE: email_keys(google)}
    private = {side: still_apart(link.apart_emails.get(side, ()), keys[side], keys[side.other]) for side in SideName}
    merged.apart_emails = {side: sorted(found) for side, found in private.items() if found}
    result = merge_emails(
        base,
        sugar,
        google,
        to_sugar=open_to(env, SideName.SUGAR, EMAILS, ""),
        to_google=open_to(env, SideName.GOOGLE, EMAILS, ""),
        sugar_only=private[SideName.SUGAR],
        google_only=private[SideName.GOOGLE],
    )
    merged.base_emails = advance_emails(base, *keys.values())
    text = {side: ", ".join(e.address for e in pair.contact(side).emails or ()) for side in SideName}
    targets: dict[SideName, tuple[Email, ...]] = {}
    changes: list[FieldChange] = []
    for side, write, target in (
        (SideName.SUGAR, result.to_sugar, result.sugar),
        (SideName.GOOGLE, result.to_google, result.google),
    ):
        if not write:
            continue
        dropped = left_out(link, side)
        sent = tuple(e for e in target if email_key(e.address) not in dropped)
        targets[side] = sent
        after = ", ".join(e.address for e in sent)
        changes.append(
            FieldChange(
                EMAILS,
                Verdict.TO_SUGAR if side is SideName.SUGAR else Verdict.TO_GOOGLE,
                text[SideName.SUGAR] if side is SideName.SUGAR else after,
                after if side is SideName.SUGAR else text[SideName.GOOGLE],
                None if base is None else ", ".join(sorted(base)),
                f"changed in {_WHO[side.other]}" if base is not None else f"missing in {_WHO[side]}",
            )
        )
    if result.owed:
        changes.append(
            FieldChange(EMAILS, Verdict.HELD, text[SideName.SUGAR], text[SideName.GOOGLE], None, "held back")
        )
    elif merged.apart_emails and not targets:
        changes.append(
            FieldChange(EMAILS, Verdict.APART, text[SideName.SUGAR], text[SideName.GOOGLE], None, KEPT_APART)
        )
    return targets, changes


def advance_emails(base: frozenset[str] | None, sugar: frozenset[str], google: frozenset[str]) -> list[str]:
    """The base of the emails once the sides hold these: what both hold, and what one of them has yet to give up."""
    pending = {key for key in base or () if (key in sugar) != (key in google)}
    return sorted((sugar & google) | pending)
