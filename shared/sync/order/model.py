"""What an order is: a plan that is stored, looked at by a person, and carried out exactly as it stands.

An order's header counts; its items lie in parts that are never changed once they are written; beside each part lies its
progress, which changes with every contact that is carried out, in the same commit as the contact's link.

::

    building ──▶ ready ──▶ started ──▶ done
       └───────────┴───────────┴─────▶ stopped
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from shared.names import SideName
from shared.sync.plain import plain
from shared.sync.view import PlannedContact
from shared.sync.words import OrderTold

LASTS = timedelta(hours=1)
"""A plan that nobody starts is worth nothing after that."""
PART = 100
"""Items of one part, at most."""


class OrderKind(StrEnum):
    SYNC = "sync"
    UNDO = "undo"


class OrderState(StrEnum):
    BUILDING = "building"
    """There is more to plan."""
    READY = "ready"
    """It holds all that was waiting when its last part was made."""
    STARTED = "started"
    DONE = "done"
    STOPPED = "stopped"


class ItemState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    LEFT_OUT = "left out"
    """Not carried out, and will not be by this order; ``why`` says what for."""
    NOTHING = "nothing"
    """There was nothing to carry out in the first place."""


class UndoItem(msgspec.Struct, kw_only=True):
    """What of a contact is taken back."""

    rows: list[str] = []
    """Of its history, the newest first."""
    fields: list[str] = []
    """These alone; empty: all."""
    made: SideName | None = None
    """Instead: the record that was created there."""


class Item(msgspec.Struct, kw_only=True):
    """One contact of an order, as it was planned."""

    key: str
    """The link's id, or the id that the link will get: what is planted, whatever becomes of it on the way."""
    linked: bool
    source: SideName | None = None
    """Of a contact without link: whose record was looked at."""
    ids: dict[SideName, str]
    """The records that it is about."""
    versions: dict[SideName, str]
    """What they were planned from; a side where it was not there is missing."""
    along: list[tuple[SideName, str]] = []
    """Records of other dirty contacts that it takes in: they are looked at together with it."""
    action: str
    asks: list[str] = []
    """Classes of what it puts into the backlog."""
    ops: list[str] = []
    """What is written, one fingerprint each; see :mod:`shared.sync.order.mark`."""
    shown: PlannedContact
    undo: UndoItem | None = None


class Progress(msgspec.Struct, array_like=True):
    """How far one item has come."""

    state: ItemState
    why: str = ""
    """With ``left out``."""
    due: str = ""
    """With ``waiting``: not before."""
    carried: list[str] = []
    """Those of its operations that are known to have happened."""
    tries: int = 0
    """How often its record moved right before it was written."""


class PartInfo(msgspec.Struct, array_like=True):
    """What must be known of a part without reading it."""

    items: int
    waiting: int


class Order(msgspec.Struct, kw_only=True):
    """The header. Written by the holder of the lease only."""

    id: str
    kind: OrderKind = OrderKind.SYNC
    state: OrderState = OrderState.BUILDING
    made_at: str
    expires_at: str | None
    """``None`` once it was started."""
    asked: bool = False
    """A scheduled run made it and waits for a person's answer."""
    first: bool = False
    """Nothing was linked when it was begun."""
    shape: str = ""
    """Digest of the settings that decide who takes part and what else is written along."""
    parts: list[PartInfo] = []
    seen: int = 0
    """Documents that hold what it has looked at."""
    counts: dict[str, int] = {}
    """Items by action, and writes by ``create google`` and so on."""
    asks: dict[str, int] = {}
    """Items by what they put into the backlog."""
    states: dict[str, int] = {}
    """Items by state."""
    removes: dict[str, int] = {}
    """What it deletes and clears, for the guard: a plan in parts is judged as a whole."""
    tombstones: int = 0
    """Tombstones among the keys that it has looked at."""
    undo: dict[str, Any] = {}
    """What an undo was asked for."""
    after: list[Any] = []
    """Where its next part goes on."""

    @property
    def items(self) -> int:
        return sum(part.items for part in self.parts)

    @property
    def waiting(self) -> int:
        return sum(part.waiting for part in self.parts)

    @property
    def complete(self) -> bool:
        """Whether nothing is added to it any more."""
        return self.state is not OrderState.BUILDING

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and datetime.fromisoformat(self.expires_at) <= now

    def data(self) -> dict[str, Any]:
        built: dict[str, Any] = plain(self)
        return built

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Order:
        return msgspec.convert(dict(data), cls)


def told(order: Order) -> OrderTold:
    """The header, for a screen."""
    return OrderTold(
        id=order.id,
        kind=order.kind.value,
        state=order.state.value,
        complete=order.complete,
        made_at=order.made_at,
        expires_at=order.expires_at,
        asked=order.asked,
        contacts=order.items,
        counts=order.counts,
        waiting=order.states.get(ItemState.WAITING.value, 0),
        done=order.states.get(ItemState.DONE.value, 0),
        left_out=order.states.get(ItemState.LEFT_OUT.value, 0),
    )
