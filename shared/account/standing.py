"""How a user's sync stands: from the user's document, the grants and the pair's head; no token is opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shared.account.users import User
from shared.store.port import Store
from shared.sync.paths import Paths
from shared.sync.words import OrderTold

if TYPE_CHECKING:
    from shared.sync.head import Head

_LOST = ("GrantLost", "ScopeMissing")


class GoogleStanding(msgspec.Struct, kw_only=True):
    """The connection to Google."""

    connected: bool
    email: str
    since: str | None
    """When the user signed in first."""
    lost: bool
    """Whether the last run was not let in, and the user has not signed in since."""


class SugarStanding(msgspec.Struct, kw_only=True):
    """The connection to Sugar."""

    connected: bool
    address: str
    user_name: str
    contact_page: str
    """The address of a contact's page there, but for its id, which follows; blank: it is not connected."""
    lost: bool
    """Whether the last run was not let in, and the user has not connected it again since."""


class LastRun(msgspec.Struct, kw_only=True):
    """The run before."""

    run: str
    at: str | None
    status: str
    message: str
    counts: dict[str, int]
    contacts: int
    """Contacts looked at."""
    seconds: float


class SideStanding(msgspec.Struct, kw_only=True):
    """What is known of one side."""

    contacts: int
    """In scope, by the last complete listing: what was written or changed since is not in this number."""
    counted_at: str | None
    """When that listing began; `null`: there was none yet."""
    listed: bool
    """Whether it was listed to its end once; before that nothing is decided."""
    listing: bool
    """Whether a full listing is on its way."""
    seen_at: str | None
    """Everything before this time has been seen."""


class RunTold(msgspec.Struct, kw_only=True):
    """One run that changed something, or was in trouble."""

    run: str
    at: str
    status: str
    written: int
    """Records written on both sides together."""
    failed: int
    """Contacts that went to the backlog; at least 1 where the run itself was in trouble."""
    seconds: float


class Standing(msgspec.Struct, kw_only=True):
    """Connections, last run, progress and counts."""

    google: GoogleStanding
    sugar: SugarStanding
    sync_regularly: bool
    last_run: LastRun | None
    running: bool
    """Whether a run is under way just now."""
    remaining: int
    """Changes that wait, as far as they are known."""
    next_due_at: str | None
    """`null`: it does not run by itself."""
    failures: int
    """Runs in trouble, one after the other."""
    alarm_until: str | None
    """So much changed at once that deletes wait for a person until then."""
    linked: int
    """Contacts that are one on both sides, in the scope or not."""
    in_sync: int
    """Of these, the ones that take part: in the scope, and not in the backlog as a whole."""
    out_of_scope: int
    """Of these, the ones outside the scope: they stay as they are until they come back."""
    backlog: int
    """Contacts that wait for a person."""
    archive_trouble: str
    """Why history past its time could not be archived, and stays; blank: it could."""
    plan: OrderTold | None
    """The stored plan that is being carried out, or waits for you because you are to be asked first."""
    sides: dict[str, SideStanding]
    """`sugar` and `google`."""
    runs: list[RunTold] | None = None
    """The last runs that changed something or were in trouble, the newest first; `null`: not asked for."""


RUNS = 48
"""Of them, at most."""


def _runs(store: Store, paths: Paths | None, last: int) -> list[RunTold] | None:
    if not last or paths is None:
        return [] if last else None
    docs = store.query(paths.collection("runs"), order="at", descending=True, limit=last)
    return [_told(doc.data) for doc in docs]


def standing(store: Store, user: User, now: datetime, *, last: int = 0) -> Standing:
    """Reads two documents at most, the user's apart, and a third where there is a plan.

    Args:
        last: so many of the last runs are told of, too; one more document each.
    """
    from shared.account.grants import NEWER, contact_page, grants_path
    from shared.names import SideName
    from shared.sync.head import Head

    paths = user.paths
    wanted = [grants_path(user.uid), *([paths.head] if paths is not None else [])]
    docs = store.get_all(wanted)
    grants = docs[wanted[0]].data if wanted[0] in docs else {}
    head = Head.load(docs[paths.head].data) if paths is not None and paths.head in docs else Head()
    plan = _plan(store, paths, head.order or head.asking, now) if paths is not None else None
    google, sugar = grants.get("google") or {}, grants.get("sugar") or {}
    return Standing(
        google=GoogleStanding(
            connected=bool(google),
            email=user.email,
            since=user.created_at or None,
            lost=_lost(head, "Google", user.granted_at.get("google", "")),
        ),
        sugar=SugarStanding(
            connected=bool(sugar),
            address=sugar.get("address", ""),
            user_name=sugar.get("user_name", ""),
            contact_page=contact_page(sugar["address"], sugar.get("dialect", NEWER)) if sugar else "",
            lost=_lost(head, "Sugar", user.granted_at.get("sugar", "")),
        ),
        sync_regularly=user.settings.get("sync_regularly") is True,
        last_run=_last(head.last_run),
        running=head.lease is not None and datetime.fromisoformat(head.lease.until) > now,
        remaining=head.remaining,
        next_due_at=head.next_due_at,
        failures=head.failures,
        alarm_until=head.alarm_until if head.alarm_until and head.alarm_until > now.isoformat() else None,
        linked=head.links,
        in_sync=head.in_sync,
        out_of_scope=head.frozen,
        backlog=head.backlog,
        archive_trouble=head.archive_trouble,
        plan=plan,
        sides={
            name.value: SideStanding(
                contacts=head.side(name).contacts,
                counted_at=head.side(name).full_at,
                listed=head.side(name).listed,
                listing=head.side(name).full is not None,
                seen_at=head.side(name).complete_at,
            )
            for name in SideName
        },
        runs=_runs(store, paths, last),
    )


def _plan(store: Store, paths: Paths, name: str, now: datetime) -> OrderTold | None:
    if not name:
        return None
    from shared.sync.order.model import Order, told

    doc = store.get(paths.plan(name))
    order = Order.load(doc.data) if doc is not None else None
    return told(order) if order is not None and not order.expired(now) else None


def _lost(head: Head, side: str, granted_at: str) -> bool:
    """Errors of a lost grant name their side; one that was given since is taken for good until a run says otherwise."""
    last = head.last_run
    if last.get("error") not in _LOST or side not in last.get("message", ""):
        return False
    return granted_at <= (last.get("at") or granted_at)


def _told(summary: Mapping[str, Any]) -> RunTold:
    counts: Mapping[str, int] = summary["counts"]
    parked = counts.get("park", 0)
    return RunTold(
        run=summary["run"],
        at=summary["at"],
        status=summary["status"],
        written=sum(count for name, count in counts.items() if " " in name),
        failed=parked if summary["status"] == "done" else max(1, parked),
        seconds=summary["seconds"],
    )


def _last(summary: Mapping[str, Any]) -> LastRun | None:
    if not summary:
        return None
    return LastRun(
        run=summary["run"],
        at=summary.get("at"),
        status=summary["status"],
        message=summary["message"],
        counts=summary["counts"],
        contacts=summary["contacts"],
        seconds=summary["seconds"],
    )
