"""Having something done about backlog entries after a look at them: the next run takes them up first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.store.port import Doc
from shared.sync import release as letting
from shared.sync.remedies import ACTIONS, Remedy, actions, kept
from shared.sync.words import ActionText, ClassText, KeepText, is_field
from shared.web.function import Function
from shared.web.mine import is_id, my_paths
from shared.web.pages import Cursor, Pages
from shared.web.problem import FieldProblem, WebError, bad_field
from shared.web.route import Ask, Rate, Route

Id = Annotated[str, Meta(min_length=1, max_length=300)]
Ids = Annotated[list[Id], Meta(min_length=1, max_length=letting.MOST)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]


class Release(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which entries are let go: by `entries`, by `class`, or `all`."""

    entries: Annotated[Ids | None, Meta(description="Open entries, by their ids.")] = None
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
        if wanted.cursor is not None:
            raise bad_field("cursor", "goes with `class` and `all` only")
    else:
        found = letting.by_class(services.store, paths, wanted.cls, after=pages.place(wanted.cursor))
        docs, place = list(found.docs), found.place
    _check(wanted, docs)
    docs = [doc for doc in docs if wanted.action in actions(doc.data)] if wanted.all else docs
    remedy = Remedy(action=wanted.action, answers=wanted.answers)
    letting.release(services.store, paths, services.clock, services.ids, docs, remedy)
    ask.noted.update(releasing=len(docs), action=wanted.action)
    return Released(len(docs), pages.next(place))


def _check(wanted: Release, docs: Sequence[Doc]) -> None:
    """What goes with the action, and whether the entries have it."""
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
    if bool(wanted.answers) != (wanted.action == "keep"):
        raise bad_field("answers", "must be given with `keep`, and with nothing else")
    # An answer that nobody asked for is a mistake; of a class there may be more entries than these.
    asked = {name for doc in docs for name in kept(doc.data)} if wanted.entries else None
    for name in wanted.answers:
        if not is_field(name) or (asked is not None and name not in asked):
            raise bad_field(f"answers.{name}", "none of these entries asks whose value of that is kept")


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
