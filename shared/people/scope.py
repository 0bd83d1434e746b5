"""Which Google contacts take part, by the labels that they carry. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.side import Native


@dataclass(frozen=True, slots=True)
class Scope:
    """Labels by their resource names (``contactGroups/...``); blank: that gate stands open.

    A contact that shows no memberships at all is out wherever a label decides: what cannot be told must not leak.
    """

    label: str = ""
    """Only contacts that carry it take part."""
    never: str = ""
    """Contacts that carry it never take part."""
    opt_in: str = ""
    """Only contacts that carry it are created in Sugar."""

    def holds(self, person: Native) -> bool:
        """Whether it takes part."""
        if self.never and (not person.get("memberships") or has_label(person, self.never)):
            return False
        return not self.label or has_label(person, self.label)

    def bars(self, person: Native) -> bool:
        """Whether the user has put it aside: it is out, and being out has no other consequence."""
        return bool(self.never) and has_label(person, self.never)

    def admits(self, person: Native) -> bool:
        """Whether it may be created in Sugar."""
        return not self.opt_in or has_label(person, self.opt_in)


EVERYONE = Scope()


def has_label(person: Native, label: str) -> bool:
    """Whether the person carries that label."""
    return label in labels_of(person)


def labels_of(person: Native) -> list[str]:
    """The labels that the person carries, by their resource names."""
    found: list[str] = []
    for entry in person.get("memberships") or ():
        membership = entry.get("contactGroupMembership")
        name = membership.get("contactGroupResourceName") if isinstance(membership, dict) else None
        if isinstance(name, str) and name:
            found.append(name)
    return found


def memberships(labels: Iterable[str]) -> list[Native]:
    """The list that gives a person these labels."""
    return [{"contactGroupMembership": {"contactGroupResourceName": label}} for label in labels]
