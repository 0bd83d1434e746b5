"""Having something done about backlog entries after a look at them: the next run takes them up first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shared.store.port import Doc
from shared.sync import release as letting
from shared.sync.remedies import ACTIONS, Remedy, actions, asked, candidates, choices, keeps
from shared.sync.words import ActionText, ClassText, KeepText, SideText, is_field
from shared.web.function import Function
from shared.web.mine import is_id, my_paths
from shared.web.pages import Cursor, Pages
from shared.web.problem import FieldProblem, WebError, bad_field
from shared.web.route import Ask, Rate, Route

Id = Annotated[str, Meta(min_length=1, max_length=300)]
Ids = Annotated[list[Id], Meta(min_length=1, max_length=letting.MOST)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Text = Annotated[str, Meta(max_length=30_000)]


class Release(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which entries are let go: by `entries`, by `class`, or `all`."""

    entries: Annotated[Ids | None, Meta(description="Open entries, by their ids.")] = None
    asked: Annotated[
        list[Annotated[str, Meta(max_length=80)]],
        Meta(
            max_length=letting.MOST,
            description="What each of `entries` asked when it was looked at, its `asked`, in their order. One that asks"
            " something else by now (409) is to be looked at again. None given: whatever they ask now.",
        ),
    ] = []
    cls: Annotated[ClassText | None, Meta(description="All open entries of this class.")] = msgspec.field(
        name="class", default=None
    )
    all: Annotated[bool, Meta(description="All open entries.")] = False
    cursor: Annotated[Cursor | None, Meta(description="With `class` or `all`: `next` of the answer before.")] = None
    action: Annotated[
        ActionText,
        Meta(
            description="What is done about them: one of the `actions` of every entry named; with `all`, entries that"
            " do not have it are left as they are."
        ),
    ] = "release"
    answers: Annotated[
        dict[Name, KeepText], Meta(max_length=100, description="With `keep`: whose value, by the fields asked about.")
    ] = {}
    candidates: Annotated[
        list[Id],
        Meta(
            max_length=100,
            description="With `choose`: the one candidate that is the same person. With `different`: those that are"
            " not; none given: all that the entry names.",
        ),
    ] = []
    values: Annotated[
        dict[Name, Text],
        Meta(
            max_length=100, description="With `mend`: what the fields are to read; addresses of `emails` with commas."
        ),
    ] = {}
    side: Annotated[SideText | None, Meta(description="With `mend`: where they are written.")] = None


class Released(msgspec.Struct):
    """What the next run will take up."""

    releasing: Annotated[int, Meta(description="How many entries the next run lets go.")]
    next: Annotated[
        str | None,
        Meta(
            description="With `class` or `all`: there are more; ask again with this as `cursor`. `null`: that is all."
        ),
    ]


def release(ask: Ask) -> Released:
    wanted, paths, services = ask.take(Release), my_paths(ask), ask.services
    ways = [name for name, given in (("entries", wanted.entries), ("class", wanted.cls), ("all", wanted.all)) if given]
    if len(ways) != 1:
        raise bad_field("", "say exactly one of `entries`, `class` and `all`")
    docs, place = [], None
    pages = Pages(["release", paths.head, wanted.cls], field="cursor")
    if wanted.entries is not None:
        docs = _named(ask, wanted.entries)
        _check_asked(wanted.asked, docs)
        if wanted.cursor is not None:
            raise bad_field("cursor", "goes with `class` and `all` only")
    else:
        if wanted.asked:
            raise bad_field("asked", "goes with `entries` only")
        found = letting.by_class(services.store, paths, wanted.cls, after=pages.place(wanted.cursor))
        docs, place = list(found.docs), found.place
    _check(wanted, docs)
    docs = [doc for doc in docs if wanted.action in actions(doc.data)] if wanted.all else docs
    remedy = Remedy(
        action=wanted.action,
        answers=wanted.answers,
        candidates=tuple(wanted.candidates),
        values=wanted.values,
        side=wanted.side,
        key=services.ids.new() if wanted.action == "mend" else "",
    )
    letting.release(services.store, paths, services.clock, services.ids, docs, remedy)
    ask.noted.update(releasing=len(docs), action=wanted.action)
    return Released(len(docs), pages.next(place))


_NEEDS: Mapping[str, str] = {"answers": "keep", "values": "mend", "side": "mend"}
"""What goes with one action, and always."""


def _check(wanted: Release, docs: Sequence[Doc]) -> None:
    """Whether the entries have the action, and what it needs."""
    if wanted.cls is not None and wanted.action not in ACTIONS[wanted.cls]:
        raise bad_field("action", f"entries of this class have {', '.join(ACTIONS[wanted.cls])}")
    if wanted.entries is not None:
        problems = [
            FieldProblem(f"entries[{n}]", f"{wanted.action} is not for this one: it has {', '.join(actions(doc.data))}")
            for n, doc in enumerate(docs)
            if wanted.action not in actions(doc.data)
        ]
        if problems:
            raise WebError(422, "bad-field", f"{len(problems)} of these entries have no such action", errors=problems)
    for name, action in _NEEDS.items():
        if bool(getattr(wanted, name)) != (wanted.action == action):
            raise bad_field(name, f"must be given with `{action}`, and with nothing else")
    if wanted.candidates and wanted.action not in ("choose", "different"):
        raise bad_field("candidates", "goes with `choose` and `different` only")
    if wanted.action in ("choose", "mend") or wanted.candidates:
        if wanted.entries is None or len(wanted.entries) != 1:
            raise bad_field("entries", f"`{wanted.action}` is for one entry at a time")
        _check_one(wanted, docs[0].data)
    # An answer that nobody asked for is a mistake; of a class there may be more entries than these.
    possible = [keeps(doc.data) for doc in docs]
    for name, whose in wanted.answers.items():
        if not is_field(name) or (wanted.entries and not any(name in each for each in possible)):
            raise bad_field(f"answers.{name}", "none of these entries asks whose value of that is kept")
        if wanted.entries and not any(whose in each.get(name, ()) for each in possible):
            raise bad_field(f"answers.{name}", "the other side has refused that value: keep its own, or both")


def _check_asked(given: Sequence[str], docs: Sequence[Doc]) -> None:
    """Whether the entries still ask what was looked at."""
    if given and len(given) != len(docs):
        raise bad_field("asked", "must hold one for each of `entries`, in their order")
    changed = [n for n, (mark, doc) in enumerate(zip(given, docs, strict=False)) if mark != asked(doc.data)]
    if changed:
        problems = [FieldProblem(f"entries[{n}]", "asks something else by now: look at it again") for n in changed]
        raise WebError(
            409, "changed-meanwhile", f"{len(changed)} of these entries changed since you looked", errors=problems
        )


def _check_one(wanted: Release, entry: Mapping[str, Any]) -> None:
    """What is said about the contact of one entry."""
    if wanted.action == "choose" and len(wanted.candidates) != 1:
        raise bad_field("candidates", "must name the one that it is")
    possible = choices(entry) if wanted.action == "choose" else candidates(entry)
    for n, one in enumerate(wanted.candidates):
        if one not in possible:
            raise bad_field(f"candidates[{n}]", f"must be one of {', '.join(possible)}")
    for name in wanted.values:
        if not is_field(name):
            raise bad_field(f"values.{name}", "contacts have no such field")
    if wanted.side is not None and not entry["ids"].get(wanted.side):
        raise bad_field("side", "the contact of this entry is not there")


def _named(ask: Ask, entries: list[str]) -> list[Doc]:
    """The open entries of these ids, every wrong one told."""
    wrong = {
        n: "was given before" if entry in entries[:n] else "there is no such open entry"
        for n, entry in enumerate(entries)
        if entry in entries[:n] or not is_id(entry)
    }
    rest = [n for n in range(len(entries)) if n not in wrong]
    named = letting.by_id(ask.services.store, my_paths(ask), [entries[n] for n in rest])
    wrong |= {rest[n]: "there is no such open entry" for n in named.missing}
    if wrong:
        problems = [FieldProblem(f"entries[{n}]", wrong[n]) for n in sorted(wrong)]
        detail = f"{len(problems)} of these entries cannot be released"
        raise WebError(422, "bad-field", detail, errors=problems)
    return list(named.docs)


ROUTES = (
    Route(
        "POST",
        release,
        "Let backlog entries go; the next run takes them up",
        body=Release,
        answer=Released,
        problems=(409,),
        rate=Rate(calls=60, seconds=60),
    ),
)
handler = Function("backlog_release", ROUTES).entry
