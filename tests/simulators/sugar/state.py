"""What the server holds: users, contacts, accounts, sessions; and how a contact is saved."""

from __future__ import annotations

import copy
import unicodedata
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from random import Random
from typing import Any

from tests.simulators.sugar import emails
from tests.simulators.sugar.fields import FieldDef
from tests.simulators.sugar.switches import Switches
from tests.simulators.wire import SimClock

Contact = dict[str, Any]
"""A stored contact: dates as whole seconds since 1970, emails as :mod:`emails` stores them."""


@lru_cache(maxsize=200_000)
def _iso(seconds: int, offset_minutes: int) -> str:
    return datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset_minutes))).isoformat()


@dataclass
class User:
    id: str
    user_name: str
    password: str
    is_admin: bool = False
    utc_offset_minutes: int = -300
    sees_all: bool = True
    """False: sees only contacts assigned to it."""
    sso: bool = False
    """Signs in elsewhere (SugarIdentity)."""
    may_create: bool = True
    may_edit: bool = True
    may_delete: bool = True
    denied: dict[str, set[str]] = field(default_factory=dict)
    """By field name, what is denied: ``read``, ``write``."""

    @property
    def zone(self) -> timezone:
        return timezone(timedelta(minutes=self.utc_offset_minutes))

    def iso(self, seconds: int) -> str:
        """ISO 8601 with this user's offset, whole seconds."""
        return _iso(seconds, self.utc_offset_minutes)


@dataclass
class Session:
    user_id: str
    platform: str
    access: str
    access_expires: int
    refresh: str
    refresh_expires: int
    began: int
    old_access: dict[str, int] = field(default_factory=dict)


BeforeSave = Callable[[Contact], Mapping[str, Any] | None]


@dataclass
class Hooks:
    """Server-side logic that runs inside every save, the users' own and the API's."""

    before_save: list[BeforeSave] = field(default_factory=list)
    """Gets the contact as it would be stored, answers further changes; may raise ``SugarError`` to refuse."""
    after_save: list[BeforeSave] = field(default_factory=list)
    """The same, after it was stored; its changes are a second save at that time, without hooks."""
    slow_save: float = 0.0
    """Seconds a save takes. ``date_modified`` is taken at its start, the contact is visible at its end. A user's edit
    goes on in the background; a call of the API is answered at the end, which moves the clock."""


@dataclass
class _Pending:
    due: float
    id: str
    changes: Contact
    by: str
    moment: int


@lru_cache(maxsize=200_000)
def fold(text: str) -> str:
    """As the usual collations compare: without case and accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


class State:
    """Everything that a snapshot has to hold. Contacts change through :meth:`put` only."""

    def __init__(self, clock: SimClock, switches: Switches, fields: dict[str, FieldDef], seed: int) -> None:
        self.clock = clock
        self.switches = switches
        self.fields = fields
        self.random = Random(seed)  # noqa: S311 - ids of a simulator
        self.users: dict[str, User] = {}
        self.contacts: dict[str, Contact] = {}
        self.accounts: dict[str, str] = {}
        self.account_ids: dict[str, str] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.hooks = Hooks()
        self.favorites: defaultdict[str, set[str]] = defaultdict(set)
        self.sync_flags: defaultdict[str, set[str]] = defaultdict(set)
        self.following: defaultdict[str, set[str]] = defaultdict(set)
        self.viewed: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.hidden: defaultdict[str, set[str]] = defaultdict(set)
        self.protected: defaultdict[str, set[str]] = defaultdict(set)
        self.web_hooks: list[dict[str, Any]] = []
        self.web_hook_queue: list[tuple[str, dict[str, Any]]] = []
        self.by_id: list[str] = []
        self.by_date: list[tuple[int, str]] = []
        self.by_email: defaultdict[str, set[str]] = defaultdict(set)
        self.pending: list[_Pending] = []
        self.dated_alike: set[str] = set()
        """Contacts with a slow save that began in the very second of another one: no date tells of it."""

    # -- time and ids ----------------------------------------------------------------------------------

    def now(self) -> int:
        """Sugar's own clock, whole seconds."""
        return int((self.clock.now() + timedelta(seconds=self.switches.server_skew)).timestamp())

    def new_id(self) -> str:
        digits = f"{self.random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    # -- snapshots -------------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any]) -> State:
        """Contacts are replaced, never changed in place, so that a copy may share them; so are hooks."""
        clone = object.__new__(type(self))
        shared = {
            "clock": self.clock,
            "contacts": dict(self.contacts),
            "by_id": list(self.by_id),
            "by_date": list(self.by_date),
            "by_email": defaultdict(set, {key: set(ids) for key, ids in self.by_email.items()}),
            "hooks": Hooks(list(self.hooks.before_save), list(self.hooks.after_save), self.hooks.slow_save),
        }
        for name, value in self.__dict__.items():
            clone.__dict__[name] = shared[name] if name in shared else copy.deepcopy(value, memo)
        return clone

    # -- looking ---------------------------------------------------------------------------------------

    def visible(self, contact: Contact, user: User) -> bool:
        """Whether the user's teams let it see the contact."""
        if contact["id"] in self.hidden[user.id]:
            return False
        return user.sees_all or contact["assigned_user_id"] == user.id

    def account_name(self, contact: Contact) -> str:
        return self.accounts.get(contact["account_id"], "")

    # -- storing ---------------------------------------------------------------------------------------

    def put(self, contact: Contact) -> None:
        """Stores the contact in place of the one with its id."""
        contact_id = contact["id"]
        old = self.contacts.get(contact_id)
        if old is None:
            insort(self.by_id, contact_id)
        else:
            self._unindex(old)
        self.contacts[contact_id] = contact
        insort(self.by_date, (contact["date_modified"], contact_id))
        if not contact["deleted"]:
            for each in contact["email"]:
                self.by_email[fold(each["email_address"])].add(contact_id)

    def drop(self, contact_id: str) -> None:
        """Physically, as pruning does."""
        self._unindex(self.contacts.pop(contact_id))
        del self.by_id[bisect_left(self.by_id, contact_id)]

    def _unindex(self, contact: Contact) -> None:
        at = bisect_left(self.by_date, (contact["date_modified"], contact["id"]))
        del self.by_date[at]
        for each in contact["email"]:
            self.by_email[fold(each["email_address"])].discard(contact["id"])

    # -- saving ----------------------------------------------------------------------------------------

    def blank(self, contact_id: str, by: str, moment: int) -> Contact:
        """A contact with nothing in it."""
        contact: Contact = {name: False if each.type == "bool" else "" for name, each in self.fields.items()}
        contact.update(
            {"id": contact_id, "date_entered": moment, "date_modified": moment, "created_by": by}
            | {"modified_user_id": by, "deleted": False, "assigned_user_id": "", "account_id": "", "email": []}
        )
        return contact

    def save(
        self, contact_id: str, changes: Contact, *, by: str, touch: bool = True, slow: float = 0.0, wait: bool = False
    ) -> None:
        """One save: ``changes`` to a contact that exists, or a new one.

        Args:
            touch: whether ``date_modified`` moves.
            slow: seconds from the start of the save, when ``date_modified`` is taken, to its end.
            wait: let that time pass now; else the contact is visible when the clock has passed it.
        """
        moment = self.now()
        old = self.contacts.get(contact_id)
        merged = {**(old or self.blank(contact_id, by, moment)), **self.fitted(changes)}
        for hook in self.hooks.before_save:
            more = self.fitted(dict(hook(copy.deepcopy(merged)) or {}))
            changes = {**changes, **more}
            merged.update(more)
        if old is not None and not touch:
            moment = old["date_modified"]
        pending = _Pending(self.clock.now().timestamp() + slow, contact_id, changes, by, moment)
        if slow and wait:
            self.clock.advance(slow)
        if slow and not wait:
            self.pending.append(pending)
        else:
            self._finish(pending)

    def _finish(self, pending: _Pending) -> None:
        old = self.contacts.get(pending.id)
        if old is not None and old["deleted"] and pending.changes.get("deleted") is not False:
            return
        base = old or self.blank(pending.id, pending.by, pending.moment)
        new = {**base, **self.fitted(pending.changes)}
        new.update({"date_modified": pending.moment, "modified_user_id": pending.by})
        self.put(new)
        if self.switches.shared_addresses and "email" in pending.changes:
            self._share(new)
        self._notify(new, update=old is not None)
        for hook in self.hooks.after_save:
            more = self.fitted(dict(hook(copy.deepcopy(new)) or {}))
            if more:
                new = {**new, **more, "date_modified": max(self.now(), pending.moment)}
                self.put(new)

    def settle(self) -> None:
        """Ends the saves whose time has come."""
        if not self.pending:
            return
        now = self.clock.now().timestamp()
        due = sorted((each for each in self.pending if each.due <= now), key=lambda each: each.due)
        self.pending = [each for each in self.pending if each.due > now]
        for each in due:
            if (old := self.contacts.get(each.id)) is not None and old["date_modified"] == each.moment:
                self.dated_alike.add(each.id)
            self._finish(each)

    def delete(self, contact_id: str, *, by: str) -> None:
        """Softly: the row stays with the deletion's date, its links to addresses go."""
        old = self.contacts[contact_id]
        gone = {**old, "deleted": True, "date_modified": self.now(), "modified_user_id": by, "email": []}
        self.put({**gone, "_emails": old["email"]})

    def undelete(self, contact_id: str, *, by: str) -> None:
        """As an administrator does in the database."""
        old = dict(self.contacts[contact_id])
        restored = old.pop("_emails", old["email"])
        self.put({**old, "deleted": False, "email": restored, "date_modified": self.now(), "modified_user_id": by})

    def fitted(self, changes: Contact) -> Contact:
        """Cut to the declared lengths, with what the database cannot hold replaced."""
        result: Contact = {}
        for name, value in changes.items():
            definition = self.fields.get(name)
            if isinstance(value, str) and definition is not None:
                if self.switches.emoji != "kept" and not value.isascii():
                    value = "".join(c if ord(c) < 0x10000 else self.switches.emoji for c in value)
                if definition.len is not None and definition.text:
                    value = value[: definition.len]
            result[name] = value
        return result

    def _share(self, contact: Contact) -> None:
        for each in contact["email"]:
            for other_id in self.by_email[fold(each["email_address"])] - {contact["id"]}:
                other = dict(self.contacts[other_id])
                other["email"] = emails.listed(
                    {**entry, "opt_out": each["opt_out"], "invalid_email": each["invalid_email"]}
                    if fold(entry["email_address"]) == fold(each["email_address"])
                    else entry
                    for entry in other["email"]
                )
                self.put(other)

    def _notify(self, contact: Contact, *, update: bool) -> None:
        data = {"id": contact["id"], "date_modified": datetime.fromtimestamp(contact["date_modified"], UTC).isoformat()}
        for hook in self.web_hooks:
            if hook.get("trigger_event") == "after_save" and hook.get("webhook_target_module") == "Contacts":
                payload = {"isUpdate": update, "dataChanges": [], "bean": "Contact", "data": data}
                self.web_hook_queue.append((str(hook.get("url", "")), payload))

    def ids_with_email(self, addresses: Iterable[str]) -> set[str]:
        """The live contacts that may have one of these addresses."""
        return set().union(*(self.by_email.get(fold(each), set()) for each in addresses))
