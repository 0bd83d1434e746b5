"""What is remembered of each contact: what its user did, and which claims about it have been given up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shared.names import SideName
from tests.prove.machine.fields import FIELDS, Json
from tests.prove.machine.windows import Window

Tag = str
"""A contact's name in the story."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A value that a user typed in."""

    side: SideName
    value: str


@dataclass(frozen=True, slots=True)
class MailEdit:
    """The last thing that a user did to one address of a contact."""

    added: bool
    side: SideName
    known: bool
    """Both sides had agreed on the address before."""


@dataclass(frozen=True, slots=True)
class Act:
    """A user changed or deleted this record; acts and runs are numbered in one row."""

    number: int
    side: SideName
    record: str
    tag: Tag
    calls: int
    """How many calls that side had seen by then."""


@dataclass
class Private:
    """What a Google contact holds that is none of the sync's business."""

    pagers: list[str] = field(default_factory=list)
    keepsakes: list[Json] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)


@dataclass
class Memory:
    made: dict[Tag, set[SideName]] = field(default_factory=dict)
    """Where the user made the contact."""
    gone: defaultdict[Tag, set[SideName]] = field(default_factory=lambda: defaultdict(set))
    """Where the user deleted it and did not bring it back."""
    shared: set[Tag] = field(default_factory=set)
    """The colleague has entered them, too."""
    restored: set[Tag] = field(default_factory=set)
    wanted_again: set[Tag] = field(default_factory=set)
    """A person wants it made again where it was deleted, whatever the switches say."""
    decided: set[tuple[str, str]] = field(default_factory=set)
    """What a person wants done to a record, whatever the switches say: ``update`` or ``delete``, and its id."""
    mended: set[tuple[SideName, str]] = field(default_factory=set)
    """Records that a person has had written with a value of their own."""
    may_leave: set[Tag] = field(default_factory=set)
    """Seen outside the scope while that meant that the other side's is deleted."""
    unclear: set[Tag] = field(default_factory=set)
    """Nothing is claimed about them any more, e.g. because the user has merged two contacts into one."""
    windows: defaultdict[Tag, set[Window]] = field(default_factory=lambda: defaultdict(set))
    """Open ones."""

    last: dict[tuple[Tag, str, SideName], str] = field(default_factory=dict)
    """By field and side: the last value that the user typed in there."""
    recent: defaultdict[tuple[Tag, str], list[Typed]] = field(default_factory=lambda: defaultdict(list))
    """By field: what was typed in since the world came to rest."""
    agreed: dict[tuple[Tag, str], str] = field(default_factory=dict)
    """By field: what both sides held when the world came to rest."""
    mail: dict[tuple[Tag, str], MailEdit] = field(default_factory=dict)
    """By address."""
    mail_agreed: dict[Tag, set[str]] = field(default_factory=dict)
    several: set[tuple[Tag, str]] = field(default_factory=set)
    """Fields for which Google came to have several places by a merge: which of them is synced, and which is private
    from then on, is nobody's."""
    saving: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """By Sugar record and field: when the user's last save of it ends."""
    opted_out: dict[str, set[str]] = field(default_factory=dict)
    """By Sugar record: addresses of its own that have opted out."""

    private: dict[str, Private] = field(default_factory=dict)
    """By Google record."""
    trash: dict[SideName, list[tuple[str, Tag]]] = field(default_factory=lambda: {side: [] for side in SideName})
    acts: list[Act] = field(default_factory=list)
    flags_moved: bool = False
    """Somebody's favourites or owners changed, which only the daily listing is sure to show."""

    new_names: set[str] = field(default_factory=set)
    """Google names that were given, or that took another contact in, since the world came to rest."""
    took_in: set[str] = field(default_factory=set)
    """Google records with which their user has merged a linked one."""
    week_needed: bool = False
    """Something happened that the weekly look at every link alone is sure to find."""

    def typed(self, tag: Tag, name: str, side: SideName, value: str) -> None:
        self.last[tag, name, side] = value
        self.recent[tag, name].append(Typed(side, value))

    def mailed(self, tag: Tag, side: SideName, *, added: str = "", removed: str = "") -> None:
        if removed:
            self.mail[tag, removed] = MailEdit(False, side, removed in self.mail_agreed.get(tag, ()))
        if added:
            self.mail[tag, added] = MailEdit(True, side, False)

    def renamed(self, old: str, new: str) -> None:
        """A Google record goes by another name."""
        self.new_names.add(new)
        if old in self.took_in:
            self.took_in.add(new)
        if old in self.private:
            self.private[new] = self.private.pop(old)

    def vanished(self, record: str) -> None:
        """A Google record goes. Of one that got its name just before, or took another one in, the feed may show this
        name alone."""
        self.week_needed = self.week_needed or record in self.new_names

    def brought_back(self, tag: Tag, side: SideName) -> None:
        """Out of the trash: whatever was typed in before may be the trash's, or what the sync made of it since."""
        self.gone[tag].discard(side)
        self.restored.add(tag)
        self.disagree(tag)
        for name in FIELDS:
            self.recent.pop((tag, name), None)
            for each in SideName:
                self.last.pop((tag, name, each), None)
        for known in [key for key in self.mail if key[0] == tag]:
            del self.mail[known]

    def disagree(self, tag: Tag) -> None:
        """Nothing is known of what both sides hold."""
        for name in FIELDS:
            self.agreed.pop((tag, name), None)
        self.mail_agreed.pop(tag, None)

    def lose_track(self, tags: Iterable[Tag]) -> None:
        self.unclear.update(tags)

    def at_rest(self) -> None:
        """A new chapter begins."""
        self.recent.clear()
        self.new_names.clear()
        self.acts.clear()
