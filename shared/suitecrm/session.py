"""Signing in to the older dialect, and calls with a living session.

A session ends without notice: after minutes without a call, when the server restarts, when the calling address leaves
its /24 network. The server says so before it does anything, so that every call, writes included, is made once more
after a new login::

    call ──▶ 11 ──▶ login ──▶ save(new session) ──▶ the call again, once
                      └─ 10: the password was changed: the user has to sign in again

Other sessions of the user live on. All the same only the holder of the lease calls, as with the other dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.clock import Clock
from shared.errors import BadAddress, GrantLost, ProtocolError, RetriableError, ScopeMissing
from shared.side import Gate
from shared.sugar.http import READ_SECONDS, HostUnknown, HttpClient, TooLarge
from shared.sugar.reach import PUBLIC, Policy
from shared.suitecrm import service
from shared.suitecrm.grant import SuiteTokens, login_hash, session_id
from shared.suitecrm.service import PATH, Form, Reply, SessionOver

_LOGIN = "Sugar sign-in"
_INFO = "Sugar version"
_ME = "Sugar user"
_MAX_USER_ID = 200
_VALIDATE_IP = (
    "the address from which this service calls is probably the reason: ask your administrator to switch off "
    "'Admin > System Settings > Validate user IP address'"
)
_FOLDERS = ("", "/legacy")
"""Where the service lies below the address: SuiteCRM 8 has it in a folder of its own."""


@dataclass(frozen=True, slots=True)
class Found:
    """A server of this dialect."""

    address: str
    """Below which the service lies."""
    version: str
    """For people: ``SuiteCRM 7.14.6``."""


def find(address: str, clock: Clock, gate: Gate, policy: Policy = PUBLIC) -> Found | None:
    """Looks for the service below an address. Nothing secret is sent.

    Raises:
        BadAddress: the policy refuses the address, or the host is unknown.
        RetriableError: it cannot be reached now.
    """
    later: RetriableError | None = None
    for folder in _FOLDERS:
        if folder and address.endswith(folder):
            continue
        http = HttpClient(address + folder, clock, gate, policy=policy, root=PATH)
        try:
            info = service.call(http, "get_server_info", {}, name=_INFO).value
        except HostUnknown as error:
            raise BadAddress(error.message) from None
        except (ProtocolError, ScopeMissing, GrantLost, SessionOver):
            continue
        except RetriableError as error:
            later = later or error
            continue
        finally:
            http.close()
        if (version := _version(info)) is not None:
            return Found(address + folder, version)
    if later is not None:
        raise later
    return None


def _version(info: Any) -> str | None:
    if not isinstance(info, dict):
        return None
    for key, product in (("suitecrm_version", "SuiteCRM"), ("version", "Sugar CE")):
        number = info.get(key)
        if isinstance(number, str) and number:
            shown = number if len(number) <= 40 and number.isascii() and number.isprintable() else ""
            return f"{product} {shown}".strip()
    return None


def sign_in(
    address: str, user: str, password: str, *, clock: Clock, gate: Gate, policy: Policy = PUBLIC
) -> SuiteTokens:
    """Begins a session. The password is neither kept nor shown in any message.

    Raises:
        GrantLost: Sugar refused the user or the password.
        BadAddress: the policy refuses it, or nothing there speaks this dialect.
        RetriableError: try again later.
    """
    tokens = SuiteTokens(user, login_hash(password))
    http = HttpClient(address, clock, gate, policy=policy, root=PATH)
    try:
        return _login(http, tokens)
    except HostUnknown as error:
        raise BadAddress(error.message) from None
    except TooLarge:
        raise BadAddress(f"{_LOGIN}: the address does not lead to a Sugar") from None
    finally:
        http.close()


def _login(http: HttpClient, tokens: SuiteTokens) -> SuiteTokens:
    arguments = {
        "user_auth": {"user_name": tokens.user_name, "password": tokens.login},
        "application_name": "contact-sync",
        # Not "notifyonsave": "false", which PHP takes for true.
        "name_value_list": [],
    }
    value = service.value_of(http.call("POST", "", name=_LOGIN, form=service.encoded("login", arguments)))
    fault = service.fault_in(value)
    if fault is not None:
        refused = "the user name or the password" if fault.number == service.INVALID_LOGIN else "this user"
        raise GrantLost(f"Sugar refused {refused}; sign in to Sugar again", detail=fault.words)
    found = session_id(value.get("id")) if isinstance(value, dict) else None
    if found is None:
        raise ProtocolError(_LOGIN, "the answer holds no session")
    return replace(tokens, session=found)


class SuiteSession:
    """Calls with the user's session.

    Args:
        save: stores a new session for good. What it raises ends the call.
        gate: asked before every call.
        policy: where connections may go.
    """

    def __init__(
        self,
        address: str,
        tokens: SuiteTokens,
        save: Callable[[SuiteTokens], None],
        clock: Clock,
        gate: Gate,
        *,
        policy: Policy = PUBLIC,
    ) -> None:
        self.http = HttpClient(address, clock, gate, policy=policy, root=PATH)
        self.logins = 0
        self._tokens = tokens
        self._save = save

    def close(self) -> None:
        """Closes the connection; the session at Sugar lives on."""
        self.http.close()

    def me(self) -> dict[str, Any]:
        """The signed-in user: ``id`` and ``user_name``.

        Raises:
            ProtocolError: the answer names no user.
        """
        found = self.read("get_user_id", {}, name=_ME).value
        if not isinstance(found, str) or not 0 < len(found) <= _MAX_USER_ID or not found.isprintable():
            raise ProtocolError(_ME, "the answer is no user's id")
        return {"id": found, "user_name": self._tokens.user_name}

    def sign_out(self) -> None:
        """Ends the session at Sugar."""
        try:
            service.call(self.http, "logout", {"session": self._tokens.session}, name="Sugar sign-out")
        except SessionOver:
            return

    def read(self, method: str, arguments: Mapping[str, Any], *, name: str, seconds: float = READ_SECONDS) -> Reply:
        """A call without effect; the session is put before its arguments.

        Raises:
            RetriableError, FatalError: see :mod:`shared.suitecrm.service`.
        """
        return self._call(method, arguments, name=name, writes=False, form=(), seconds=seconds)

    def write(self, method: str, arguments: Mapping[str, Any], *, name: str, seconds: float, form: Form = ()) -> Reply:
        """A call with an effect.

        Raises:
            AmbiguousError: it may have happened; :class:`~shared.suitecrm.service.Failed`: some of it may have.
            RetriableError, FatalError: it did not.
        """
        return self._call(method, arguments, name=name, writes=True, form=form, seconds=seconds)

    def _call(
        self, method: str, arguments: Mapping[str, Any], *, name: str, writes: bool, form: Form, seconds: float
    ) -> Reply:
        for attempt in (1, 2):
            complete = {"session": self._tokens.session, **arguments}
            try:
                return service.call(self.http, method, complete, name=name, writes=writes, form=form, seconds=seconds)
            except SessionOver:
                if attempt == 1:
                    self._begin()
        raise GrantLost(f"{name}: Sugar ended the session at once, right after a new login; {_VALIDATE_IP}")

    def _begin(self) -> None:
        self.logins += 1
        self._tokens = _login(self.http, self._tokens)
        self._save(self._tokens)
