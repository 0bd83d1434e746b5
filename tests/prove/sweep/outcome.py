"""What became of everything: both sides, the links, the backlog and what history keeps, without ids and times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from shared.sync.link import Link
from shared.sync.order.book import Book
from shared.sync.order.model import Order, OrderState
from shared.sync.remedies import APART, NEVER, OPEN, RELEASED
from tests.prove.sweep.story import Stage
from tests.world import User, World

Outcome = dict[str, Counter[str]]
"""By part, its lines with their number."""
Differences = dict[str, tuple[list[str], list[str]]]
"""By part, the lines that are missing and the lines that are too many."""

_OWN = frozenset({"id", "date_entered", "date_modified", "created_by", "modified_user_id", "_acl", "following"})
_WHO = frozenset({"assigned_user_id", "assigned_user_name", "created_by_name", "modified_by_name"})
"""Where two colleagues come upon the same person, whoever is first has it."""
_RANDOM = frozenset({"id", "email_address_id"})
_STATES = (OPEN, RELEASED, NEVER, APART)


def outcome(stage: Stage) -> Outcome:
    """The world as it is at rest."""
    world = stage.world
    found: Outcome = {"sugar": Counter(_sugar(world, _OWN if len(stage.users) == 1 else _OWN | _WHO))}
    for user in stage.users:
        names = _names(world, user)
        found.setdefault("google", Counter()).update(_google(user))
        found.setdefault("links", Counter()).update(_link(link, names) for link in user.links())
        found.setdefault("backlog", Counter()).update(
            _backlog(doc.data, names) for state in _STATES for doc in user.backlog(state)
        )
        found.setdefault("losers", Counter()).update(dict.fromkeys(_losers(user), 1))
        found.setdefault("gone", Counter()).update(dict.fromkeys(_gone(user, copies=False), 1))
        found.setdefault("copies", Counter()).update(_gone(user, copies=True))
        found.setdefault("history", Counter()).update(dict.fromkeys(_told(user, names), 1))
        found.setdefault("plans", Counter()).update(_plans(user))
        head = user.head()
        counts = {
            "links": head.links,
            "in sync": head.in_sync,
            "frozen": head.frozen,
            "backlog": head.backlog,
            "open": len(head.open),
            "answered": head.answered,
        }
        found.setdefault("counts", Counter()).update([json.dumps(counts)])
    return found


def differences(expected: Outcome, got: Outcome) -> Differences:
    """What of an outcome is not as expected."""
    parts = {part: (expected.get(part, Counter()), got.get(part, Counter())) for part in {**expected, **got}}
    return {
        part: (sorted((wanted - had).elements()), sorted((had - wanted).elements()))
        for part, (wanted, had) in parts.items()
        if wanted != had
    }


def _line(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


def _sugar(world: World, left_out: frozenset[str]) -> Iterable[str]:
    for record in world.sugar.contacts().values():
        emails = sorted(_line({k: v for k, v in mail.items() if k not in _RANDOM}) for mail in record["email"])
        shown = {name: value for name, value in record.items() if name not in left_out and value not in ("", None)}
        yield _line({**shown, "email": emails})


def _google(user: User) -> Iterable[str]:
    for person in user.account.people():
        shown: dict[str, Any] = {}
        for name, items in person.items():
            if name in ("metadata", "etag", "resourceName", "photos"):
                continue
            if name == "clientData":
                shown[name] = len(items)  # our key, which is another one after each create
                continue
            shown[name] = sorted(_line({k: v for k, v in item.items() if k != "metadata"}) for item in items)
        yield _line(shown)


def _names(world: World, user: User) -> dict[str, str]:
    """What records are called, by their ids: those of Sugar (deleted ones too), those of Google and of the trash."""
    found = {}
    for record in world.sugar.contacts(live=False).values():
        found[record["id"]] = f"{record['first_name']} {record['last_name']}".strip()
    book = user.account.book
    for version in (*book.trash.values(), *book.live.values()):
        found[version.resource_name] = str((version.fields.get("names") or [{}])[0].get("displayName", ""))
    found.update({former: found.get(name, "") for former, name in book.aliases.items()})
    return found


def _link(link: Link, names: Mapping[str, str]) -> str:
    return _line(
        {
            "sugar": names.get(link.sugar_id, "?"),
            "google": names.get(link.google_id, "?"),
            "state": link.state.value,
            "deleted_on": link.deleted_on and link.deleted_on.value,
            "over": link.both_gone_at is not None,
            "base": {name: value for name, value in link.base.items() if value},
            "emails": link.base_emails,
            "parked": link.parked,
            "held": link.held,
            "apart": {name: {side.value: value for side, value in kept.items()} for name, kept in link.apart.items()},
            "entry": link.entry,
        }
    )


def _backlog(entry: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return _line(
        {
            "class": entry["class"],
            "state": entry["state"],
            "of": [names.get(record, "?") for record in entry["ids"].values() if record],
            "linked": entry["link"] is not None,
            "entries": sorted(
                _line([told["class"], told["whole"], sorted(field["name"] for field in told["fields"])])
                for told in entry["entries"]
            ),
        }
    )


def _plans(user: User) -> Iterable[str]:
    """How each plan that was carried out ended, with what was left out of it."""
    for doc in user.world.store.query(user.paths.collection("plans")):
        book = Book(user.world.store, user.paths, Order.load(doc.data))
        if book.order.state is not OrderState.DONE:
            continue  # how far one has come that was stopped depends on when
        items = [(book.progress(n)[item.key], item) for n in range(len(book.order.parts)) for item in book.part(n)]
        left = sorted([item.shown.name, progress.why] for progress, item in items if progress.state == "left out")
        counts = {state: count for state, count in book.order.states.items() if count}
        yield _line({"state": book.order.state.value, "states": counts, "left": left})


def _losers(user: User) -> Iterable[str]:
    """The values that lost to the other side's, all in history."""
    for row in user.history():
        for change in row["fields"]:
            if change["loser"]:
                yield _line([change["name"], change["loser"]])


def _told(user: User, names: Mapping[str, str]) -> Iterable[str]:
    """Every value that we wrote, and where to."""
    for row in user.history():
        of = next((name for record in row["ids"].values() if (name := names.get(record))), "?")
        for change in row["fields"]:
            yield _line([of, change["name"], change["to"], change["after"]])


def _gone(user: User, *, copies: bool) -> Iterable[str]:
    """Whom we deleted: history keeps the record as it was. Copies of our own making, or all others."""
    for row in user.history():
        for side, native in row["native"].items():
            deleted = native["before"] and not native["after"] and f"delete {side}" in row["kinds"]
            if deleted and ("second copy of our own making" in row["why"]) is copies:
                yield _line([side, _called(native["before"])])


def _called(native: Mapping[str, Any]) -> str:
    if "last_name" in native:
        return f"{native.get('first_name') or ''} {native['last_name']}".strip()
    return str((native.get("names") or [{}])[0].get("displayName", ""))
