"""Changing settings: checked field by field, and never lost, whatever else happens at the same time.

The settings and the wish that makes the next run look at them are written in one commit, under the version of the
user's document that they were made from. A run that is under way goes on with the settings that it began with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from shared.account.users import User, Users
from shared.clock import Clock, Ids
from shared.errors import BadSettings, Conflict
from shared.store.port import Change
from shared.sync.plain import plain
from shared.sync.settings import DEFAULTS, LABELS, Settings, parse

Labels = Callable[[], Collection[str]]
"""The resource names of the labels that a user can choose; asked only where it matters."""
SugarFields = Callable[[], Collection[str] | None]
"""The fields that the connected Sugar has; ``None`` where nobody has asked it yet."""

SugarScopes = Callable[[], Collection[str]]
"""The scopes that the connected Sugar can tell."""

TIMELY = ("sync_regularly", "interval_minutes")
"""What moves the time of the next run."""


class Overtaken(Conflict):
    """The settings are not those any more that the change was made from."""


def settings_of(user: User) -> Settings:
    """The user's settings, defaults filled in.

    Raises:
        BadSettings: what is stored holds a value out of range.
    """
    return parse(user.settings)


def version_of(settings: Settings) -> str:
    """Changes with every change of the settings."""
    return hashlib.blake2b(msgspec.json.encode(settings, order="deterministic"), digest_size=8).hexdigest()


class SettingsChange:
    """One change of one user's settings.

    Args:
        labels: asked when a label is chosen, or confirmed.
        sugar_fields: asked when further fields are mapped.
        sugar_scopes: asked when the scope in Sugar is changed.
    """

    def __init__(
        self,
        users: Users,
        clock: Clock,
        ids: Ids,
        *,
        labels: Labels,
        sugar_fields: SugarFields,
        sugar_scopes: SugarScopes,
    ) -> None:
        self._users = users
        self._clock = clock
        self._ids = ids
        self._labels = labels
        self._sugar_fields = sugar_fields
        self._sugar_scopes = sugar_scopes
        self.before = DEFAULTS
        self.after = DEFAULTS

    def apply(self, uid: str, patch: Mapping[str, Any], *, version: str | None = None) -> User:
        """Changes the settings named in ``patch``; a direction's switches one by one, all others as a whole.

        Args:
            version: of the settings that the change was made from; ``None``: whatever they are.

        Raises:
            BadSettings: names the field.
            Overtaken: they have another version by now.
            FatalError, RetriableError: as :meth:`Users.update`, or the check of a label.
        """

        def change(user: User) -> list[Change] | None:
            raw = {**plain(DEFAULTS), **user.settings}
            return self._write(user, _merged(raw, patch), version, patch.keys())

        return self._users.update(uid, change)

    def restore(self, uid: str, *, version: str | None = None) -> User:
        """All settings as they are for a new user. Raises as :meth:`apply`."""
        return self._users.update(uid, lambda user: self._write(user, plain(DEFAULTS), version))

    def _write(
        self, user: User, raw: dict[str, Any], version: str | None, named: Collection[str] = ()
    ) -> list[Change] | None:
        self.before = _readable(user)
        if version is not None and version != version_of(self.before):
            raise Overtaken("the settings were changed meanwhile: look at them again")
        self.after = parse(raw)
        self._check(self.before, self.after, named)
        fresh = plain(self.after)
        if fresh == {**plain(DEFAULTS), **user.settings}:
            return None
        user.settings = fresh
        paths = user.paths
        if paths is None:
            return []  # the first run of a pair reads the settings anyway
        from shared.sync.inbox import Wish, posting

        return [posting(paths, self._ids, Wish(kind="settings", at=self._clock.now().isoformat()))]

    def _check(self, old: Settings, new: Settings, named: Collection[str]) -> None:
        """What only the two sides can tell; only what is changed, or set anew to what it was, is asked for."""
        chosen = {name: getattr(new, name) for name in LABELS}
        changed = {name for name, value in chosen.items() if value != getattr(old, name)}
        wanted = {name for name in changed | (chosen.keys() & named) if chosen[name]}
        known = self._labels() if wanted else ()
        for name in sorted(wanted):
            if chosen[name] not in known:
                wrong = "must be a label that exists in Google" if name in changed else "was deleted in Google"
                raise BadSettings(name, f"{wrong}: choose another, or create it first")
        if new.sugar_scope is not old.sugar_scope and new.sugar_scope.value not in self._sugar_scopes():
            raise BadSettings("sugar_scope", "the connected CRM does not tell which contacts these are: choose another")
        added = [name for name in new.custom_fields if name not in old.custom_fields]
        has = self._sugar_fields() if added else None
        for name in added if has is not None else ():
            if name not in (has or ()):
                raise BadSettings("custom_fields", f"the connected Sugar has no field {name[:64]} that can be mapped")


def _readable(user: User) -> Settings:
    """The settings as they are; defaults in place of stored ones that cannot be read, which a change may mend."""
    try:
        return settings_of(user)
    except BadSettings:
        return DEFAULTS


def _merged(raw: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(raw)
    for name, value in patch.items():
        old = merged.get(name)
        part = name in ("from_sugar", "from_google") and isinstance(value, dict) and isinstance(old, dict)
        merged[name] = {**old, **value} if part and isinstance(old, dict) else value
    return merged
