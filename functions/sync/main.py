"""One batch of one user's sync: a task of the queue, or a click on "Sync now"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from shared.sync.words import OrderTold
from shared.web.function import Function
from shared.web.mine import is_id
from shared.web.problem import bad_field
from shared.web.route import Access, Ask, Rate, Route
from shared.web.turn import run, take_turn, tidied

if TYPE_CHECKING:
    from shared.sync.report import Report

Id = Annotated[str, Meta(max_length=300)]


class SyncRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose sync: said by the queue; a browser's is that of who is signed in."""

    uid: Annotated[Id | None, Meta(description="The queue only: the user.")] = None
    pair: Annotated[Id | None, Meta(description="The queue only: the pair of accounts that was due.")] = None
    tidy: Annotated[
        bool,
        Meta(description="The queue only: no sync, only remove the pair's history and plans that are past their time."),
    ] = False
    plan: Annotated[
        Id | None,
        Meta(
            description="Carry out this stored plan, exactly as it stands: what has changed since is left out. At most"
            " 100 contacts a call; call again until its state is `done`."
        ),
    ] = None
    leave_out: Annotated[
        list[Id],
        Meta(max_length=5000, description="With `plan`: the `key` of contacts that are not to be carried out."),
    ] = []


class SyncReport(msgspec.Struct, kw_only=True):
    """What one batch came to."""

    status: Annotated[
        Literal["done", "busy", "later", "blocked", "skipped"],
        Meta(
            description="`done`: it went through. `busy`: another one is under way, nothing was done. `later`: trouble"
            " that passes; the next run goes on. `blocked`: a person has to act first. `skipped`: this task has nothing"
            " to do."
        ),
    ]
    message: str
    """What happened or what to do, where it did not go through."""
    run: str = ""
    counts: dict[str, int] = {}
    """Contacts by action, and writes by `create google` and so on."""
    contacts: int = 0
    """Contacts looked at."""
    remaining: int = 0
    """Changes that wait for the next batch."""
    backlog: int = 0
    """Contacts that wait for a person."""
    next_due_at: str | None = None
    """`null`: it does not run by itself."""
    seconds: float = 0.0
    plan: OrderTold | None = None
    """The stored plan that was carried out, or gone on with."""


def sync(ask: Ask) -> SyncReport:
    wanted = ask.take(SyncRequest)
    if ask.user is not None:
        for name in ("uid", "pair"):
            if getattr(wanted, name) is not None:
                raise bad_field(name, "is for the queue only: yours is the account that is signed in")
        if wanted.tidy:
            raise bad_field("tidy", "is for the queue only")
        return _told(ask, _run(ask, wanted))
    for name in ("plan", "leave_out"):
        if getattr(wanted, name):
            raise bad_field(name, "is for a browser only: the queue goes on with the plan that was begun")
    uid, pair = wanted.uid or "", wanted.pair or ""
    if not is_id(uid):
        raise bad_field("uid", "must name a user")
    if pair and not is_id(pair):
        raise bad_field("pair", "must name a pair of accounts")
    ask.noted["uid"] = uid
    if wanted.tidy:
        if not pair:
            raise bad_field("pair", "must be given with `tidy`")
        done = tidied(ask.services, uid, pair)
        ask.noted["outcome"] = "tidied" if done else "skipped"
        told = "" if done else "there is no such pair, or a run of it is under way"
        return SyncReport(status="done" if done else "skipped", message=told)
    report, why = take_turn(ask.services, uid, pair)
    if report is None:
        ask.noted["outcome"] = "skipped"
        return SyncReport(status="skipped", message=why)
    return _told(ask, report)


def _run(ask: Ask, wanted: SyncRequest) -> Report:
    if wanted.leave_out and wanted.plan is None:
        raise bad_field("leave_out", "needs `plan`: the contacts of a stored plan are meant")
    if wanted.plan is not None and not is_id(wanted.plan):
        raise bad_field("plan", "must be the id of a stored plan")
    return run(ask.services, ask.me, plan=wanted.plan or "", leave_out=wanted.leave_out)


def _told(ask: Ask, report: Report) -> SyncReport:
    ask.noted.update(
        run=report.run,
        outcome=report.status.value,
        error=report.error,
        counts=report.counts,
        contacts=report.contacts,
        calls=report.calls,
        commits=report.commits,
        written=report.written,
        remaining=report.remaining,
        backlog=report.backlog,
    )
    return SyncReport(
        status=report.status.value,
        message=report.message,
        run=report.run,
        counts=report.counts,
        contacts=report.contacts,
        remaining=report.remaining,
        backlog=report.backlog,
        next_due_at=report.next_due_at,
        seconds=round(report.seconds, 3),
        plan=report.order,
    )


ROUTES = (
    Route(
        "POST",
        sync,
        "Sync one batch of at most 100 contacts",
        body=SyncRequest,
        answer=SyncReport,
        access=Access.EITHER,
        problems=(404, 409),
        rate=Rate(calls=60, seconds=60),
    ),
)
handler = Function("sync", ROUTES).entry
