"""What tests and the demo do to the server without HTTP."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.simulators.sugar import emails
from tests.simulators.sugar.fields import OPTIONAL, FieldDef, stock_fields
from tests.simulators.sugar.render import Renderer
from tests.simulators.sugar.state import Contact, Hooks, State, User
from tests.simulators.sugar.switches import Switches
from tests.simulators.wire import SimClock


@dataclass(frozen=True)
class Snapshot:
    """All that the server held; for :meth:`Controls.restore`."""

    state: State


class Controls:
    """The first user that is added owns what is done without ``by``."""

    def __init__(self, clock: SimClock, switches: Switches, extra_fields: Iterable[str], seed: int) -> None:
        self.clock = clock
        self.state = State(clock, switches, stock_fields(extra_fields), seed)

    # -- what it holds ---------------------------------------------------------------------------------

    @property
    def switches(self) -> Switches:
        return self.state.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.state.switches = switches

    @property
    def users(self) -> dict[str, User]:
        """By id; change offset, password, rights (``denied``, ``may_create`` ...) in place."""
        return self.state.users

    @property
    def fields(self) -> dict[str, FieldDef]:
        """By name, as the metadata declares them."""
        return self.state.fields

    @property
    def hooks(self) -> Hooks:
        return self.state.hooks

    @property
    def favorites(self) -> dict[str, set[str]]:
        """Ids of contacts by user id; a change moves no date."""
        return self.state.favorites

    @property
    def sync_flags(self) -> dict[str, set[str]]:
        """``sync_contact``: ids of contacts by user id; a change moves no date."""
        return self.state.sync_flags

    @property
    def first_user(self) -> User:
        return next(iter(self.users.values()))

    def contacts(
        self, live: bool = True, user: str = "", fields: Iterable[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Copies by id, each as the API's full record for the user (or only those fields, faster).

        ``deleted`` is always among them; with ``live=False`` so are the deleted contacts.
        """
        self.state.settle()
        asked = None if fields is None else list(fields)
        return {
            contact_id: self._shown(contact, user, asked)
            for contact_id, contact in self.state.contacts.items()
            if not (live and contact["deleted"])
        }

    def get(self, contact_id: str, user: str = "") -> dict[str, Any]:
        """A copy of one contact, deleted or not, as the API's full record.

        Raises:
            KeyError: there never was one, or it was pruned.
        """
        self.state.settle()
        return self._shown(self.state.contacts[contact_id], user)

    @property
    def saving(self) -> int:
        """How many slow saves have not ended yet."""
        self.state.settle()
        return len(self.state.pending)

    # -- users and their sessions ----------------------------------------------------------------------

    def add_user(
        self,
        name: str,
        password: str,
        *,
        admin: bool = False,
        utc_offset_minutes: int = -300,
        sees_all: bool = True,
        sso: bool = False,
    ) -> str:
        """A user's id; with ``sees_all=False`` it sees only contacts that are assigned to it."""
        user = User(self.state.new_id(), name, password, admin, utc_offset_minutes, sees_all, sso)
        self.users[user.id] = user
        return user.id

    def outlived(self, user: str) -> bool:
        """Whether a session of this user has ended because nothing renewed it in time."""
        now = self.state.now()
        return any(session.refresh_expires <= now for key, session in self.state.sessions.items() if key[0] == user)

    def expire_access(self, user: str = "") -> None:
        """Access tokens die (of all users by default), refresh tokens live."""
        for session in self.state.sessions.values():
            if user in ("", session.user_id):
                session.access_expires = 0
                session.old_access = {}

    def expire_refresh(self, user: str = "") -> None:
        """Refresh tokens die, access tokens live."""
        for session in self.state.sessions.values():
            if user in ("", session.user_id):
                session.refresh_expires = 0

    def revoke(self, user: str = "") -> None:
        """Both die."""
        gone = [key for key in self.state.sessions if user in ("", key[0])]
        for key in gone:
            del self.state.sessions[key]

    # -- a user's own edits ----------------------------------------------------------------------------

    def add(self, *, by: str = "", slow: float = 0.0, **fields: Any) -> str:
        """A contact made in Sugar's own pages; its id. Values are not checked, only cut to their lengths.

        Args:
            by: the user, who is also the one it is assigned to unless the fields say so.
            slow: seconds that the save takes, on top of the hooks'.
            fields: ``email`` as a list of addresses or of the API's objects; ``account_name`` makes the account.

        Raises:
            KeyError: there is no such field.
        """
        user = by or self.first_user.id
        contact_id = self.state.new_id()
        changes = self._changes({"assigned_user_id": user, **fields})
        self.state.settle()
        self.state.save(contact_id, changes, by=user, slow=slow + self.hooks.slow_save)
        return contact_id

    def edit(self, contact_id: str, /, *, by: str = "", touch: bool = True, slow: float = 0.0, **fields: Any) -> None:
        """A user's edit; ``touch=False`` for changes that move no date (in the database, in a linked record).

        Raises:
            KeyError: there is no such contact or field.
        """
        self.state.settle()
        user = by or self.first_user.id
        if self.state.contacts[contact_id]["deleted"]:
            raise KeyError(contact_id)
        slow += self.hooks.slow_save
        self.state.save(contact_id, self._changes(fields), by=user, touch=touch, slow=slow)

    def remove(self, contact_id: str, *, by: str = "") -> None:
        """Deletes softly: a tombstone stays."""
        self.state.settle()
        self.state.delete(contact_id, by=by or self.first_user.id)

    def undelete(self, contact_id: str, *, by: str = "") -> None:
        self.state.settle()
        self.state.undelete(contact_id, by=by or self.first_user.id)

    def prune(self) -> int:
        """Removes the tombstones for good, as the instance's scheduler may; how many."""
        gone = [contact_id for contact_id, contact in self.state.contacts.items() if contact["deleted"]]
        for contact_id in gone:
            self.state.drop(contact_id)
        return len(gone)

    # -- rights ----------------------------------------------------------------------------------------

    def hide(self, contact_id: str, user: str = "") -> None:
        """The user loses sight of it: 404, and not listed. No date moves."""
        self.state.hidden[user or self.first_user.id].add(contact_id)

    def show(self, contact_id: str, user: str = "") -> None:
        """Undoes :meth:`hide`."""
        self.state.hidden[user or self.first_user.id].discard(contact_id)

    def protect(self, contact_id: str, user: str = "") -> None:
        """The user may see it, and neither edit nor delete it: 403."""
        self.state.protected[user or self.first_user.id].add(contact_id)

    def unprotect(self, contact_id: str, user: str = "") -> None:
        """Undoes :meth:`protect`."""
        self.state.protected[user or self.first_user.id].discard(contact_id)

    # -- the instance ----------------------------------------------------------------------------------

    def add_field(self, name: str, type: str = "varchar", len: int | None = 255, **more: Any) -> None:
        """A custom field, or with the name alone one of the optional ones; contacts that exist have it blank."""
        stock = name in OPTIONAL and (type, len, more) == ("varchar", 255, {})
        self.fields[name] = OPTIONAL[name] if stock else FieldDef(name, type, len, **more)
        blank = {name: False if type == "bool" else ""}
        self.state.contacts = {key: {**blank, **contact} for key, contact in self.state.contacts.items()}

    def remove_field(self, name: str) -> None:
        del self.fields[name]

    def set_length(self, name: str, length: int | None) -> None:
        """Changes the declared length; what is stored stays."""
        old = self.fields[name]
        self.fields[name] = FieldDef(name, old.type, length, old.required, old.readonly, old.source, old.options)

    def add_account(self, name: str) -> str:
        account_id = self.state.new_id()
        self.state.accounts[account_id] = name
        self.state.account_ids[name] = account_id
        return account_id

    def rename_account(self, account_id: str, name: str) -> None:
        """Its contacts show the new name, and their dates don't move."""
        del self.state.account_ids[self.state.accounts[account_id]]
        self.state.accounts[account_id] = name
        self.state.account_ids[name] = account_id

    def cron(self) -> list[tuple[str, dict[str, Any]]]:
        """What the instance's cron would now post for its web logic hooks: address and payload."""
        queue, self.state.web_hook_queue = self.state.web_hook_queue, []
        return queue

    def snapshot(self) -> Snapshot:
        """All contacts, users, sessions, hooks as they are now; not the clock."""
        return Snapshot(copy.deepcopy(self.state))

    def restore(self, snapshot: Snapshot) -> None:
        """Back to the snapshot, which can be used again."""
        self.state.__dict__.update(copy.deepcopy(snapshot.state).__dict__)

    # -- parts -----------------------------------------------------------------------------------------

    def _shown(self, contact: Contact, user: str, asked: list[str] | None = None) -> dict[str, Any]:
        renderer = Renderer(self.state, self.users[user] if user else self.first_user)
        return {**renderer.plain(contact, asked), "deleted": contact["deleted"]}

    def _changes(self, fields: dict[str, Any]) -> Contact:
        changes: Contact = {}
        for name, value in fields.items():
            if name == "email":
                changes["email"] = emails.listed(value)
            elif name == "account_name":
                changes["account_id"] = (
                    "" if not value else self.state.account_ids.get(value) or self.add_account(value)
                )
            elif name == "account_id" or self.fields[name].stored:
                changes[name] = value
            else:
                raise KeyError(name)
        return changes
