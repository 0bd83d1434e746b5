"""The backlog: contacts that wait for a person, with the reason, the values and the remedy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shared.names import SideName
from shared.store.port import Change, Data, Doc, Put, Remove
from shared.sync.paths import Paths, subject_id
from shared.sync.plain import plain
from shared.sync.plan.model import Answer, Entry, FieldChange, Subject, Trouble
from shared.sync.remedies import APART, NEVER, OPEN, RELEASED, Remedy, candidates, kept

REMEDY: Mapping[Trouble, str] = {
    Trouble.CANNOT_HOLD: "Mend the value named, or keep each side's own; or switch the field off in the settings.",
    Trouble.UNREADABLE: "Mend the value named.",
    Trouble.AMBIGUOUS: "Choose who is the same person, or say that it is none of them.",
    Trouble.ALREADY_LINKED: "It looks like a duplicate: merge or delete one, or say that they are different.",
    Trouble.OUT_OF_SCOPE_MATCH: "Bring the match into the scope and release, or say that it is somebody else.",
    Trouble.SAME_NAME: "Choose who is the same person, or say that it is somebody else.",
    Trouble.CONFLICT: "Keep Sugar's value, Google's, or both; or mend one of them.",
    Trouble.LOOP: "Agree on one value with whoever keeps changing it, and keep that; or keep both as they are.",
    Trouble.GONE_FROM_SUGAR: "If it was deleted, approve: it goes in Google too. If you lost sight of it, leave it.",
    Trouble.DELETED_AND_EDITED: "Delete both, or restore the deleted one.",
    Trouble.MERGED: "If it was merged, delete both: the leftover goes. If not, restore it.",
    Trouble.HELD_DELETE: "Look at the list: approve the deletions, or restore what was deleted by mistake.",
    Trouble.HELD_CLEARING: "Look at the list: approve the clearings, or keep the value of the side that has one.",
    Trouble.REJECTED: "See what the other side answered: mend the value, or keep each side's own.",
    Trouble.FORBIDDEN: "Ask the administrator for the right to edit it and release; or keep what is there, or both.",
    Trouble.DOUBTFUL_CREATE: "Look whether it was created already: choose that one, or say that it is none of them.",
}
"""What to do, by class."""


def backlog_id(subject: Subject) -> str:
    """The id of a subject's backlog entry."""
    if subject.link is not None:
        return subject.link.id
    side = SideName.SUGAR if subject.sugar.id else SideName.GOOGLE
    return subject_id(side, subject.half(side).id)


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be stored, and by how much it moves the counts of the head."""

    changes: Sequence[Change] = ()
    open: int = 0
    answered: int = 0


def ask(
    paths: Paths, subject: Subject, entries: Sequence[Entry], old: Doc | None, now: datetime, *, name: str = ""
) -> Written:
    """Stores what is to be asked about one contact; nothing, if the same question stands there already.

    Args:
        name: what the contact is called.
    """
    entry = backlog_id(subject)
    was_open = old is not None and old.data.get("state") == OPEN
    fresh = {**_document(subject, entries, old, now), "name": name}
    if old is not None and was_open and _same(old.data, fresh):
        return Written()
    return Written([Put(paths.backlog(entry), plain(fresh))], int(not was_open), -int(old is not None and not was_open))


def answer_of(data: Mapping[str, Any]) -> Answer | None:
    """What a person wants done about the contact of this entry; ``None`` while nobody has said so."""
    if data["state"] != RELEASED:
        return None
    versions = {SideName(side): version for side, version in data.get("versions", {}).items()}
    remedy = msgspec.convert(data.get("remedy", {}), Remedy)
    return Answer(remedy, kept(data), versions, data["class"], bool(data.get("whole", True)))


def different(data: Mapping[str, Any]) -> frozenset[str]:
    """Who a person says is somebody else than the contact of this entry, now or before."""
    found = set(data.get("different", ()))
    answer = answer_of(data)
    if answer is not None and answer.remedy.action == "different":
        found |= set(answer.remedy.candidates or candidates(data))
    return frozenset(found)


def quarantines(data: Mapping[str, Any]) -> bool:
    """Whether nothing is done with the contact of this entry."""
    return data["state"] == NEVER or (data["state"] == OPEN and bool(data["whole"]))


def close(paths: Paths, old: Doc, *, different: Collection[str] = ()) -> Written:
    """The entry has served.

    Args:
        different: who is somebody else; has to be remembered here while the contact has no link.
    """
    was_open = old.data.get("state") == OPEN
    if different:
        if old.data["state"] == APART:
            return Written()
        data = {**old.data, "state": APART, "different": sorted(different)}
        data.pop("remedy", None)
        return Written([Put(paths.backlog(old.id), data)], -int(was_open), int(was_open))
    return Written([Remove(paths.backlog(old.id))], -int(was_open), -int(not was_open))


def moves_first(doc: Doc) -> int:
    """The order of several entries about one contact: what a person has said goes before what was asked."""
    return (NEVER, RELEASED, OPEN, APART).index(doc.data["state"])


def moving(paths: Paths, doc: Doc, subject: Subject) -> Doc:
    """The entry under the name that its contact goes by now; to be stored there, and removed here."""
    ids = {side.value: subject.half(side).id for side in SideName}
    return Doc(paths.backlog(backlog_id(subject)), {**doc.data, "ids": ids}, doc.version)


def _document(subject: Subject, entries: Sequence[Entry], old: Doc | None, now: datetime) -> Data:
    first = next((entry for entry in entries if entry.whole), entries[0])
    before: Mapping[str, Any] = old.data if old is not None else {}
    return {
        "class": first.trouble.value,
        "state": OPEN,
        "at": now.isoformat(),
        "first_at": before.get("first_at", now.isoformat()),
        "attempts": int(before.get("attempts", 0)) + 1,
        "whole": any(entry.whole for entry in entries),
        "link": subject.link.id if subject.link else None,
        "ids": {side.value: subject.half(side).id for side in SideName},
        "versions": {side.value: record.version for side in SideName if (record := subject.half(side).there)},
        "different": sorted(subject.different),
        "entries": [
            {
                "class": entry.trouble.value,
                "message": entry.message,
                "remedy": REMEDY[entry.trouble],
                "whole": entry.whole,
                "detail": entry.detail,
                "candidates": list(entry.candidates),
                **({"people": [msgspec.structs.asdict(one) for one in entry.people]} if entry.people else {}),
                "fields": [
                    {"name": c.name, "sugar": c.sugar, "google": c.google, "base": c.base, **_refused(entry, c)}
                    for c in entry.fields
                ],
                "problems": [{"field": p.field, "message": p.message} for p in entry.problems],
            }
            for entry in entries
        ],
    }


def _refused(entry: Entry, change: FieldChange) -> dict[str, str]:
    """Which side has refused the other one's value of this field, or cannot hold it, where that is certain."""
    if entry.trouble not in (Trouble.CANNOT_HOLD, Trouble.REJECTED, Trouble.FORBIDDEN):
        return {}
    named = any(problem.field == change.name for problem in entry.problems)
    # Who may not write the record may write none of its fields; of several it may have been any.
    certain = named or entry.trouble is Trouble.FORBIDDEN or (len(entry.fields) == 1 and not entry.problems)
    side = change.verdict.target
    return {"refused": side.value} if certain and side is not None else {}


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether it is the same question, so that asking again is no news."""
    parts = ("class", "whole", "link", "ids", "entries")
    return all(old.get(part) == new.get(part) for part in parts)
