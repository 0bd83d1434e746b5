"""Signing in to Sugar, and calls that carry a living token.

The refresh token rotates, and the old one dies with its first use. So a new pair is saved *before* its access token is
used::

    call ──▶ 401 ──▶ refresh ──▶ save(new pair) ──▶ the call again, once
                        │             │
                        │             └─ fails: kept here, saved before the next call of this session
                        └─ a crash between the two loses the session: the user signs in again

A refused token proves that the call had no effect; that is why a write, too, may be sent again after it.

One user has one session per platform: a second sign-in, or a second refresh at the same time, kills the first. The
caller guarantees that at most one :class:`SugarSession` per user works at a time (the holder of the user's lease).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from shared.clock import Clock
from shared.errors import AmbiguousError, BadAddress, BadSettings, GrantLost, ProtocolError, Unavailable
from shared.side import Gate
from shared.sugar import failures
from shared.sugar.http import READ_SECONDS, Answer, HostUnknown, HttpClient, TooLarge
from shared.sugar.reach import PUBLIC, Policy
from shared.sugar.tokens import Tokens, granted

CLIENT_ID = "sugar"
"""The OAuth client that every Sugar comes with; its secret is blank."""

_PLATFORM = re.compile(r"[A-Za-z0-9_-]{1,127}")
_SIGN_IN = "Sugar sign-in"
_REFRESH = "Sugar token refresh"
_SOON = timedelta(seconds=5)
_AT_ONCE = timedelta(minutes=10)
_VALIDATE_IP = (
    "If that happens at once or again and again, the address from which this service calls is probably the reason: "
    "ask your Sugar administrator to switch off 'Admin > System Settings > Validate user IP address'"
)


def sign_in(
    address: str,
    user: str,
    password: str,
    *,
    platform: str,
    clock: Clock,
    gate: Gate,
    policy: Policy = PUBLIC,
    client_id: str = CLIENT_ID,
    client_secret: str = "",
    version: str = "v11",
) -> Tokens:
    """Exchanges a password for tokens. The password is neither kept nor shown in any message.

    It ends the session that the user may already have on this platform.

    Raises:
        GrantLost: Sugar refused the user or the password.
        BadAddress: the policy refuses it, or nothing is there that speaks like a Sugar of this version.
        BadSettings: the platform name is not allowed, or not registered in this Sugar.
        RetriableError: try again later.
    """
    check_platform(platform)
    http = HttpClient(address, clock, gate, policy=policy, version=version)
    body = {
        "grant_type": "password",
        "client_id": client_id,
        "client_secret": client_secret,
        "username": user,
        "password": password,
        "platform": platform,
    }
    try:
        answer = http.call("POST", "/oauth2/token", name=_SIGN_IN, body=body)
    except HostUnknown as error:
        raise BadAddress(error.message) from None
    except TooLarge:
        raise BadAddress(f"{_SIGN_IN}: the address does not lead to a Sugar") from None
    finally:
        http.close()
    if answer.status == 200:
        body_back = answer.json_or_none()
        if not isinstance(body_back, dict):
            raise BadAddress(f"{_SIGN_IN}: the address does not lead to a Sugar (its answer is not JSON)")
        return granted(_SIGN_IN, body_back, clock.now())
    raise _sign_in_failure(answer)


def check_platform(platform: str) -> None:
    """Whether Sugar could know a platform of this name.

    Raises:
        BadSettings: it could not.
    """
    if not _PLATFORM.fullmatch(platform):
        raise BadSettings("platform", "must have 1 to 127 letters, digits, hyphens and underscores")


class SugarSession:
    """Calls with the user's token.

    Args:
        save: stores a new pair for good; called before the new access token is used. What it raises ends the call.
        gate: asked before every call.
        policy: where connections may go.
    """

    def __init__(
        self,
        address: str,
        tokens: Tokens,
        save: Callable[[Tokens], None],
        clock: Clock,
        gate: Gate,
        *,
        platform: str,
        policy: Policy = PUBLIC,
        client_id: str = CLIENT_ID,
        client_secret: str = "",
        version: str = "v11",
    ) -> None:
        check_platform(platform)
        self.http = HttpClient(address, clock, gate, policy=policy, version=version)
        self.refreshes = 0
        self._tokens = tokens
        self._unsaved: Tokens | None = None
        self._save = save
        self._clock = clock
        self._platform = platform
        self._client_id = client_id
        self._client_secret = client_secret

    def close(self) -> None:
        """Closes the connection; the session at Sugar lives on."""
        self.http.close()

    def me(self) -> dict[str, Any]:
        """The signed-in user: ``id`` and ``user_name``, ``full_name`` and ``acl`` where Sugar tells them.

        Raises:
            ProtocolError: the answer names no user.
        """
        body = self.get_json("/me", name="GET me")
        user = body.get("current_user") if isinstance(body, dict) else None
        if not isinstance(user, dict):
            raise ProtocolError("GET me", "current_user is missing from the answer")
        for name in ("id", "user_name"):
            if not isinstance(user.get(name), str) or not user[name]:
                raise ProtocolError("GET me", f"current_user.{name} is missing from the answer")
        return {name: user[name] for name in ("id", "user_name", "full_name", "acl") if name in user}

    def sign_out(self) -> None:
        """Ends the session at Sugar; that it had already ended is fine."""
        answer = self.http.call(
            "POST",
            "/oauth2/logout",
            name="Sugar sign-out",
            headers={"OAuth-Token": self._tokens.access},
            body={"refresh_token": self._tokens.refresh},
        )
        if not answer.status < 300 and not failures.token_refused(answer.status, _label(answer)):
            raise failures.of_read(answer)

    def get_json(self, path: str, *, name: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON that a read gives."""
        return _decoded(self.read("GET", path, name=name, query=query))

    def read(
        self,
        method: str,
        path: str,
        *,
        name: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        accept: tuple[int, ...] = (),
    ) -> Answer:
        """A call without effect; its answer is 2xx, or one of the statuses to accept.

        Raises:
            RetriableError, FatalError: see :mod:`shared.sugar.failures`.
        """
        answer = self._call(method, path, name=name, writes=False, query=query, body=body, seconds=READ_SECONDS)
        if 200 <= answer.status < 300 or answer.status in accept:
            return answer
        raise failures.of_read(answer)

    def write(
        self,
        method: str,
        path: str,
        *,
        name: str,
        seconds: float,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A call with an effect; any status but that of a refused token is for the caller to judge.

        Raises:
            AmbiguousError: it may have happened.
            RetriableError, FatalError: it did not.
        """
        return self._call(method, path, name=name, writes=True, body=body, headers=headers, seconds=seconds)

    def _call(
        self,
        method: str,
        path: str,
        *,
        name: str,
        writes: bool,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        seconds: float,
    ) -> Answer:
        if self._unsaved is None and self._tokens.expires_at <= self._clock.now() + _SOON:
            self._refresh(refused_early=False)
        for attempt in (1, 2):
            answer = self.http.call(
                method,
                path,
                name=name,
                writes=writes,
                query=query,
                body=body,
                headers={**(headers or {}), "OAuth-Token": self._token()},
                seconds=seconds,
            )
            if not failures.token_refused(answer.status, _label(answer)):
                return answer
            if attempt == 1:
                self._refresh(refused_early=self._clock.now() < self._tokens.expires_at)
        raise GrantLost(f"{name}: Sugar ended the session at once, right after a new token. {_VALIDATE_IP}")

    def _token(self) -> str:
        """The access token, its pair saved before."""
        if self._unsaved is not None:
            self._save(self._unsaved)
            self._tokens, self._unsaved = self._unsaved, None
        return self._tokens.access

    def _refresh(self, *, refused_early: bool) -> None:
        """Exchanges the pair for a new one, to be saved by :meth:`_token`.

        ``refused_early``: the access token was refused although its time was not over.
        """
        old = self._tokens
        body = {
            "grant_type": "refresh_token",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "refresh_token": old.refresh,
            "platform": self._platform,
        }
        self.refreshes += 1
        try:
            answer = self.http.call("POST", "/oauth2/token", name=_REFRESH, writes=True, body=body)
        except AmbiguousError as error:
            # The refresh may have happened, and its answer be lost with the new pair. Nothing else is in doubt: the
            # call that needed the token was not sent. The next attempt tells whether the old pair still lives.
            raise Unavailable(error.message) from None
        label = _label(answer)
        if answer.status == 200:
            self._unsaved = granted(_REFRESH, answer.json_or_none(), self._clock.now(), previous=old)
        elif failures.token_refused(answer.status, label):
            message = "Sugar ended the session; sign in to Sugar again"
            if refused_early or self._clock.now() - old.issued_at < _AT_ONCE:
                message = f"Sugar ended the session before its time; sign in to Sugar again. {_VALIDATE_IP}"
            raise GrantLost(message)
        elif _bad_platform(answer):
            raise BadSettings("platform", "this Sugar does not know the platform any more; see Admin > Platforms")
        else:
            raise failures.of_read(answer)


def _decoded(answer: Answer) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise ProtocolError(answer.call, "the answer is not JSON") from None


def _label(answer: Answer) -> str:
    """The label of a failure, blank for a success (whose body is not looked at twice)."""
    return "" if answer.status < 300 else failures.label_of(answer.json_or_none())


def _bad_platform(answer: Answer) -> bool:
    """422 ``invalid_parameter``, with the platform named in the label or in the words."""
    body = answer.json_or_none()
    return answer.status in (400, 422) and "platform" in failures.words_of(body).lower()


def _sign_in_failure(answer: Answer) -> Exception:
    label = _label(answer)
    if _bad_platform(answer) or (answer.status == 422 and label == "invalid_parameter"):
        return BadSettings("platform", "this Sugar does not know the platform; add it in Admin > Platforms")
    if failures.token_refused(answer.status, label) and (label or answer.status == 401):
        return GrantLost("Sugar refused the user name or the password")
    if label == "incorrect_version":
        return BadAddress(f"{_SIGN_IN}: the Sugar at this address is too old: it does not speak REST v11")
    if 300 <= answer.status < 400:
        return BadAddress(f"{_SIGN_IN}: the address redirects elsewhere; enter the address that it leads to")
    if answer.status in (404, 405, 410):
        return BadAddress(f"{_SIGN_IN}: the address does not lead to a Sugar ({answer.status})")
    return failures.of_read(answer)
