"""The canonical contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Email:
    """One address as its side spells it, with what only Sugar knows about it."""

    address: str
    opt_out: bool = False
    invalid: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as one side shows it, in raw values; comparing is the business of ``normal``.

    ``values`` maps canonical field names (without ``emails``) to text. ``""`` is blank; a field that
    is **absent** is not readable there, which is never the same as blank. ``emails`` is in the
    side's order with the primary first, or ``None`` where the side cannot read them.
    """

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    emails: tuple[Email, ...] | None = ()

    def get(self, name: str) -> str:
        """The text of a single field, blank where it is absent."""
        return self.values.get(name, "")

    def with_values(self, changes: Mapping[str, str]) -> Contact:
        """A copy with these single fields replaced."""
        return replace(self, values={**self.values, **changes})
