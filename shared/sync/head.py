"""The head: the one document that says where a pair stands, and who may write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.names import SideName
from shared.side import Cursor
from shared.sync.plain import plain


class Lease(msgspec.Struct, kw_only=True):
    owner: str
    until: str
    """ISO 8601, UTC. Past it anybody may take over, raising the epoch."""


class Listing(msgspec.Struct, kw_only=True):
    """A full listing on its way."""

    cursor: Cursor
    began_at: str | None = None
    chunks: int = 0
    """Index chunks of the generation being built."""
    everything: bool = False
    """Every contact is to be looked at, not only what changed."""
    rows: int | None = None
    """Rows of the current generation when it began: what was appended since is carried over to the new one."""


class SideState(msgspec.Struct, kw_only=True):
    """What is known of one side's feed."""

    delta: Cursor | None = None
    going: Cursor | None = None
    """A delta that stopped between two pages."""
    full: Listing | None = None
    generation: int = 0
    """Of the index of the last complete full listing; 0 before the first."""
    chunks: int = 0
    full_at: str | None = None
    """When the last complete full listing began."""
    complete_at: str | None = None
    """When the last complete delta or full listing began: everything before it has been seen."""
    contacts: int = 0
    """In scope, by the last complete full listing."""
    created_at: str | None = None
    """When the last create was sent that was answered there: the server does make contacts."""

    @property
    def listed(self) -> bool:
        """Whether one full listing has been seen to its end."""
        return self.generation > 0


class ChunkInfo(msgspec.Struct, array_like=True):
    """One chunk of the queue: what must be known without reading it."""

    id: str
    count: int
    deleted: int = 0
    due: str = ""
    """With the lane of later ones: the earliest time at which one is due."""
    renamed: int = 0
    """Keys that tell of a former name."""


class OpenIntents(msgspec.Struct, kw_only=True):
    """One chunk of the journal with intents whose outcome is not committed."""

    chunk: str
    sent_at: str
    creates: list[SideName] = []
    """The sides on which it holds creates: no further creates there meanwhile."""
    keys: list[str] = []
    """The planted keys of those creates: the feed is watched for them."""


class Sent(msgspec.Struct, kw_only=True):
    """A create that was sent twice, or given up after it was sent: a late copy of it may still turn up."""

    link: str
    until: str
    digest: str
    """Of the frozen payload: only a copy identical to it is removed."""
    source: str = ""
    """The subject id of what it was made from."""
    who: str = ""
    """Of its names and emails alone: tells it where the fields that are synced have changed since."""
    off: list[str] = []
    """The fields that were switched off then."""
    region: str = ""
    """The one by which its phones were compared then."""


class Missed(msgspec.Struct, array_like=True):
    """When runs did not find a record, though nothing proves that it is gone; ISO 8601."""

    first: str
    last: str
    runs: int


class Head(msgspec.Struct, kw_only=True):
    """See the module. Written by the holder of the lease only; every commit writes it, which asserts the epoch."""

    epoch: int = 0
    lease: Lease | None = None
    commit: str = ""
    """The id of the last commit: tells a commit whose answer was lost from one that did not happen."""
    settings: dict[str, Any] = {}
    """The settings in force, as the last drained change left them."""
    relist: bool = False
    """They call for a full listing of both sides, which has not begun."""
    sides: dict[SideName, SideState] = {}
    queue: dict[str, list[ChunkInfo]] = {}
    serial: int = 0
    """For naming chunks."""
    open: list[OpenIntents] = []
    found: dict[str, list[str]] = {}
    """Our planted keys of open or remembered creates, with the records in which the feed showed them."""
    unfound: dict[str, Missed] = {}
    """Records that may be a match and were not found of late, by subject id; see :mod:`shared.sync.unfound`."""
    sent: dict[str, Sent] = {}
    links: int = 0
    """Of two records, whether they lie in the scope or not; tombstones apart."""
    in_sync: int = 0
    """Of these, the ones in the scope that do not wait for a person as a whole."""
    frozen: int = 0
    """Of these, the ones outside the scope."""
    backlog: int = 0
    """Open entries."""
    answered: int = 0
    """Entries that are not open: a person has said what is to be done about them."""
    removals: list[tuple[str, str, int]] = []
    """(time, kind, how many) deletes and clearings of the last day, for the guard."""
    alarm_until: str | None = None
    """All contacts changed at once, or a side read empty: deletes and clearings wait for a person until then."""
    bulk_size: dict[SideName, int] = {}
    """How many writes a side takes in one call, as last found out."""
    failures: int = 0
    """Runs in trouble in a row, for the backoff."""
    next_due_at: str | None = None
    last_run: dict[str, Any] = {}
    order: str = ""
    """The stored plan that is being carried out: every run goes on with it until it is done."""
    asking: str = ""
    """The stored plan that a scheduled run has made for a person to look at."""
    plans: dict[str, str] = {}
    """The stored plans, each with the time after which it is removed."""
    retired_at: str | None = None
    """When what is past its time was last looked for, to be removed."""
    archive_trouble: str = ""
    """Why the archive did not take it then; blank if it did, or there was nothing."""

    def side(self, name: SideName) -> SideState:
        return self.sides.setdefault(name, SideState())

    @property
    def is_listing(self) -> bool:
        """Whether Google's contacts are being listed: who is gone, by a name that no feed tells of, is known at its
        end."""
        return self.side(SideName.GOOGLE).full is not None

    @property
    def remaining(self) -> int:
        """Contacts waiting, as far as the queue knows (one that changed on both sides counts twice)."""
        return sum(info.count for lane, chunks in self.queue.items() if lane not in QUIET_LANES for info in chunks)

    def data(self) -> dict[str, Any]:
        built: dict[str, Any] = plain(self)
        return built

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Head:
        return msgspec.convert(dict(data), cls)


QUIET_LANES = ("asleep", "sweep", "echo")
"""Not counted as waiting: they are not expected to change anything."""
