"""Labels that the settings name, and that somebody may have deleted in Google since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.errors import BadSettings
from shared.names import Op
from shared.people.client import PeopleClient
from shared.people.fields import MY_CONTACTS
from shared.people.labels import list_labels
from shared.people.scope import labels_of, memberships
from shared.side import Write


class ChosenLabels:
    """Which of them are gone. Google is asked only where something hints at it.

    A create that carries a label which is gone is refused as if the contact were to blame, each one for itself; the
    answer does not name the label. And whoever carried the label of the scope looks as if it had left the scope.

    Args:
        client: makes the call.
        chosen: labels (resource names) by the setting that names them; blank for none.
    """

    def __init__(self, client: PeopleClient, chosen: Mapping[str, str]) -> None:
        self._client = client
        self._chosen = {name: label for name, label in chosen.items() if label}
        self._asked = False
        self._existing: frozenset[str] | None = None

    def must_exist(self, name: str) -> None:
        """Asks, each time, if this setting names a label: one that is there now was there at the reads before.

        Raises:
            BadSettings: the label is gone.
            FatalError, RetriableError: nobody can tell.
        """
        if name in self._chosen and self._chosen[name] not in self._listed():
            raise _gone(name)

    def ask_about(self, refused: Sequence[Write]) -> None:
        """Asks, once, if one of these creates carries a label.

        Raises:
            FatalError, RetriableError: nobody can tell now; then the refusal says nothing about the contact.
        """
        if self._asked or not any(_carried(write) - {MY_CONTACTS} for write in refused):
            return
        self._existing = self._listed()
        self._asked = True

    def lost(self, write: Write) -> BadSettings | None:
        """What to do about a chosen label that this create carries and that is known to be gone; makes no call."""
        gone = self._known_gone(write)
        return next((_gone(name) for name, label in self._chosen.items() if label in gone), None)

    def fit(self, write: Write) -> Write:
        """The create with the chosen labels in place of others that are known to be gone; makes no call.

        It was frozen when another one was chosen, or makes a contact again that carried one then.
        """
        gone = self._known_gone(write)
        if not gone:
            return write
        labels = dict.fromkeys((MY_CONTACTS, *sorted(_carried(write) - gone), *self._chosen.values()))
        return replace(write, payload={**write.payload, "memberships": memberships(labels)})

    def _known_gone(self, write: Write) -> frozenset[str]:
        return frozenset() if self._existing is None else _carried(write) - self._existing

    def _listed(self) -> frozenset[str]:
        return frozenset(label for label, _, _ in list_labels(self._client))


def _carried(write: Write) -> frozenset[str]:
    """The labels that a create gives its contact."""
    return frozenset(labels_of(write.payload)) if write.op is Op.CREATE else frozenset()


def _gone(name: str) -> BadSettings:
    return BadSettings(name, "was deleted in Google: choose another")
