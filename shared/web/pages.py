"""Lists in pages: the place where one ends, as a text that comes back with the next request.

The text is opaque, no secret and no right: whatever it says, only the caller's own documents are looked at. Its check
value tells mistakes: one that was cut, changed, or given for another list, other filters or another user is refused.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from shared.web.problem import bad_field

MOST = 100
"""Items of one page, at most."""
Cursor = Annotated[str, msgspec.Meta(max_length=3000)]


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one list as one user asks for it.

    Args:
        asked: everything that decides which items it has, and in which order; JSON.
        field: what the cursor is called where it is sent, for the message.
    """

    asked: Sequence[Any]
    field: str = "query.cursor"

    def cursor(self, place: Sequence[str]) -> str:
        """The text for this place."""
        return urlsafe_b64encode(msgspec.json.encode([*place, self._check(place)])).decode().rstrip("=")

    def next(self, place: Sequence[str] | None) -> str | None:
        """The same, where nothing may come after it."""
        return None if place is None else self.cursor(place)

    def place(self, cursor: str | None) -> list[str] | None:
        """The place that the text stands for; ``None`` for the beginning.

        Raises:
            WebError: it is no cursor of this list.
        """
        if cursor is None:
            return None
        try:
            *place, _ = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=list[str])
            ours = cursor == self.cursor(place)
        except (ValueError, msgspec.MsgspecError):
            ours = False
        if not ours:
            raise bad_field(self.field, "must be the `next` of an earlier page of this list, with the same filters")
        return place

    def _check(self, place: Sequence[str]) -> str:
        return hashlib.blake2b(msgspec.json.encode([self.asked, place]), digest_size=9).hexdigest()
