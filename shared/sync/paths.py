"""Where documents lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.names import SideName

COLLECTIONS = (
    "links",
    "dirty",
    "index",
    "intents",
    "history",
    "backlog",
    "runs",
    "memory",
    "plans",
    "parts",
    "archive",
)
"""Everything below a pair's head."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The documents of one pair: one user's Google account and one Sugar user."""

    uid: str
    pair: str

    @property
    def user(self) -> str:
        return f"users/{self.uid}"

    @property
    def head(self) -> str:
        return f"users/{self.uid}/pairs/{self.pair}"

    @property
    def inbox(self) -> str:
        return f"users/{self.uid}/inbox"

    def collection(self, name: str) -> str:
        return f"{self.head}/{name}"

    def link(self, link: str) -> str:
        return f"{self.head}/links/{link}"

    def queue(self, chunk: str) -> str:
        return f"{self.head}/dirty/{chunk}"

    def index(self, chunk: str) -> str:
        return f"{self.head}/index/{chunk}"

    def intents(self, chunk: str) -> str:
        return f"{self.head}/intents/{chunk}"

    def history(self, row: str) -> str:
        return f"{self.head}/history/{row}"

    def backlog(self, subject: str) -> str:
        return f"{self.head}/backlog/{subject}"

    def run(self, run: str) -> str:
        return f"{self.head}/runs/{run}"

    def plan(self, order: str) -> str:
        return f"{self.head}/plans/{order}"

    def part(self, order: str, part: str) -> str:
        """A part of a stored plan: its items, their progress, or what it has looked at."""
        return f"{self.head}/parts/{order}-{part}"

    def archive(self, part: str) -> str:
        return f"{self.head}/archive/{part}"

    @property
    def recents(self) -> str:
        return f"{self.head}/memory/recents"

    @staticmethod
    def claim(instance: str, term: str) -> str:
        """The claim of one email on one Sugar instance, shared by all its users."""
        return f"instances/{instance}/emails/{term}"


def subject_id(side: SideName, record: str) -> str:
    """The id under which a contact that has no link stands in the backlog; safe as a document id."""
    return f"{side.value[0]}:{record.replace('/', ':')}"


def record_of(subject: str) -> tuple[SideName, str]:
    """The side and the record that a :func:`subject_id` names.

    Raises:
        ValueError: it is none.
    """
    from shared.names import SideName

    letter, _, record = subject.partition(":")
    for side in SideName:
        if side.value[0] == letter:
            # Sugar's ids have no slash, Google's names have one.
            return side, record.replace(":", "/", 1) if side is SideName.GOOGLE else record
    raise ValueError("no id of a contact without link")
