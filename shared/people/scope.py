"""Which Google contacts take part, by the labels that they carry. Pure."""

from __future__ import annotations

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
    for entry in person.get("memberships") or ():
        membership = entry.get("contactGroupMembership")
        if isinstance(membership, dict) and membership.get("contactGroupResourceName") == label:
            return True
    return False
