"""Remedies: what a person can have done about an entry of the backlog, class by class.

Light to import: who only shows them needs neither planner nor engine.

==============  =====================================================================================================
``release``     look again, by the rules
``approve``     what was held goes ahead, for exactly this contact; what is gone from Sugar was deleted
``mend``        the values given are written to the record of the side named, like that person's own edit
``choose``      it is the same person as this candidate: they become one contact
``different``   it is none of these candidates: whoever they are, it is treated as if they were not there
``delete_both`` what is left of a contact that was deleted on the other side goes too
``restore``     it is made again on the side where it was deleted, from the one that lives
``never``       it is left alone from now on, until it is let go again
``keep``        of each field named the value of the side named, whoever changed it; or each side keeps its own
==============  =====================================================================================================

An answer holds for what was asked: a field that has changed since goes by the rules, which ask again if they must.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from shared.contact.fields import EMAILS
from shared.sync.words import ActionText, ClassText, KeepText, SideText

ACTIONS: Mapping[ClassText, tuple[ActionText, ...]] = {
    "cannot hold": ("mend", "keep", "release", "never"),
    "unreadable value": ("mend", "release", "never"),
    "ambiguous match": ("choose", "different", "release", "never"),
    "already linked": ("different", "release", "never"),
    "match outside the scope": ("different", "release", "never"),
    "same name": ("choose", "different", "release", "never"),
    "conflict": ("keep", "mend", "release", "never"),
    "edit loop": ("keep", "release", "never"),
    "gone from Sugar": ("approve", "release", "never"),
    "deleted and edited": ("delete_both", "restore", "release", "never"),
    "merged": ("delete_both", "restore", "release", "never"),
    "held: mass deletion": ("approve", "restore", "release", "never"),
    "held: mass clearing": ("approve", "keep", "release", "never"),
    "rejected": ("mend", "keep", "release", "never"),
    "forbidden": ("keep", "release", "never"),
    "doubtful create": ("choose", "different", "release", "never"),
}
"""What can be done about an entry of each class, the likeliest first."""
OPEN, RELEASED, NEVER, APART = "open", "released", "never", "different"
"""States of an entry: it waits for a person; for the next run; is put aside; or remembers who is somebody else."""


class Remedy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person wants done about an entry."""

    action: ActionText = "release"
    answers: dict[str, KeepText] = {}
    """``keep``: whose value, by field."""
    candidates: tuple[str, ...] = ()
    """``choose``: the one; ``different``: those. Subject ids."""
    values: dict[str, str] = {}
    """``mend``: what the fields are to read; emails with commas."""
    side: SideText | None = None
    """``mend``: where."""
    key: str = ""
    """``mend``: what the contact is called in history; where it has no link, the link that it gets takes it over."""


def actions(entry: Mapping[str, Any]) -> list[ActionText]:
    """What can be done about a stored entry now: whatever suits one of its questions."""
    if entry["state"] != OPEN:
        return ["release"] if entry["state"] in (NEVER, APART) else []
    asked = {question["class"] for question in entry["entries"]}
    found = dict.fromkeys(action for cls, possible in ACTIONS.items() if cls in asked for action in possible)
    lacking = {
        "keep": not kept(entry),
        "choose": not choices(entry),
        "different": not candidates(entry),
        "mend": not any(entry["ids"].values()),
    }
    last = ("release", "never")
    first = [action for action in found if action not in last and not lacking.get(action)]
    return [*first, *(action for action in found if action in last)]


def asked(entry: Mapping[str, Any]) -> str:
    """What a stored entry asks, in brief: with other values or candidates it reads otherwise."""
    questions = [
        [one["class"], sorted(one.get("candidates", ())), [[c["name"], c["sugar"], c["google"]] for c in one["fields"]]]
        for one in entry["entries"]
    ]
    return hashlib.sha256(msgspec.json.encode(questions)).hexdigest()[:16]


def kept(entry: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The fields whose value can be chosen, each as it was shown: Sugar's and Google's; none where one side has no
    record, whose value could be kept."""
    ids = [side for side, record in entry["ids"].items() if record]
    if len(entry.get("versions", ids)) < 2:  # of the records that were there
        return {}
    return {
        change["name"]: (change["sugar"], change["google"])
        for question in entry["entries"]
        if "keep" in ACTIONS[question["class"]]
        for change in question["fields"]
        if change["name"] != EMAILS
    }


def keeps(entry: Mapping[str, Any]) -> dict[str, list[KeepText]]:
    """Whose value can be kept, by field: not one that the other side has refused or cannot hold, which would only be
    written once more and come straight back. (Where the reason has gone, the entry is released.)"""
    refused = {
        (change["name"], "google" if change["refused"] == "sugar" else "sugar")
        for question in entry["entries"]
        for change in question["fields"]
        if "refused" in change
    }
    return {name: [whose for whose in get_args(KeepText) if (name, whose) not in refused] for name in kept(entry)}


def candidates(entry: Mapping[str, Any]) -> list[str]:
    """Who it may be, as subject ids: all that the entry names."""
    return list(dict.fromkeys(one for question in entry["entries"] for one in question.get("candidates", ())))


def choices(entry: Mapping[str, Any]) -> list[str]:
    """Which of them it can be linked with: those on the other side."""
    own = {side[0] for side, record in entry["ids"].items() if record}
    return [one for one in candidates(entry) if one[0] not in own]
