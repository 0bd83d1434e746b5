"""Signing in, staying signed in, and how both end."""

from __future__ import annotations

import re
from typing import Any

from tests.simulators.sugar.errors import SugarError
from tests.simulators.sugar.state import Session, State, User
from tests.simulators.wire import Request

EXPIRES_IN = 3600
REFRESH_EXPIRES_IN = 1209600
_PLATFORM = re.compile(r"[A-Za-z0-9_-]{1,127}")


class Auth:
    """The endpoints of OAuth and the check of every call's token."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.platforms = {"base", "mobile", "portal"}
        """Registered ones; others are refused by the switch ``unknown_platforms_refused``."""

    def token(self, body: Any) -> dict[str, Any]:
        """``POST /oauth2/token``."""
        if not isinstance(body, dict):
            raise SugarError("missing_parameter", "Missing parameter: grant_type")
        for name in ("grant_type", "client_id"):
            if not body.get(name):
                raise SugarError("missing_parameter", f"Missing parameter: {name}")
        if body["client_id"] != "sugar" or body.get("client_secret"):
            raise SugarError("invalid_grant", "The client credentials are invalid", 400)
        platform = str(body.get("platform") or "base")
        unknown = self.state.switches.unknown_platforms_refused and platform not in self.platforms
        if unknown or not _PLATFORM.fullmatch(platform):
            raise SugarError("invalid_parameter", "EXCEPTION_INVALID_PLATFORM")
        if body["grant_type"] == "password":
            return self._sign_in(body, platform)
        if body["grant_type"] == "refresh_token":
            return self._refresh(str(body.get("refresh_token") or ""))
        raise SugarError("invalid_parameter", "Invalid parameter: grant_type", 400)

    def logout(self, session: Session) -> dict[str, Any]:
        """``POST /oauth2/logout``."""
        del self.state.sessions[session.user_id, session.platform]
        return {"success": True}

    def session(self, request: Request) -> tuple[Session, User]:
        """Who calls.

        Raises:
            SugarError: 401, without a token ``need_login``, with a dead one ``invalid_grant``.
        """
        token = request.headers.get("oauth-token", "")
        bearer = request.headers.get("authorization", "")
        if not token and bearer.lower().startswith("bearer "):
            token = bearer[7:].strip()
        if not token:
            raise SugarError("need_login")
        now = self.state.now()
        for session in list(self.state.sessions.values()):
            expires = session.access_expires if token == session.access else session.old_access.get(token, 0)
            if expires > now:
                if self.state.switches.ip_validation:
                    del self.state.sessions[session.user_id, session.platform]
                    break
                return session, self.state.users[session.user_id]
        raise SugarError("invalid_grant")

    def _sign_in(self, body: dict[str, Any], platform: str) -> dict[str, Any]:
        for name in ("username", "password"):
            if not body.get(name):
                raise SugarError("missing_parameter", f"Missing parameter: {name}")
        users = self.state.users.values()
        user = next((u for u in users if u.user_name == body["username"] and u.password == body["password"]), None)
        if user is None or (user.sso and not self.state.switches.sso_password_grant):
            status, label = self.state.switches.bad_password.split()
            raise SugarError(label, "You must specify a valid username and password.", int(status))
        return self._issue(user.id, platform, self.state.now(), {})

    def _refresh(self, refresh: str) -> dict[str, Any]:
        now = self.state.now()
        lifetime = self.state.switches.max_session_lifetime
        for session in self.state.sessions.values():
            if session.refresh != refresh or session.refresh_expires <= now:
                continue
            if lifetime is not None and now >= session.began + lifetime:
                continue
            survives = self.state.switches.old_access_survives_refresh
            old = {**session.old_access, session.access: session.access_expires} if survives else {}
            return self._issue(session.user_id, session.platform, session.began, old)
        status, label = self.state.switches.expired_refresh.split()
        raise SugarError(label, "Invalid refresh token", int(status))

    def _issue(self, user_id: str, platform: str, began: int, old: dict[str, int]) -> dict[str, Any]:
        now = self.state.now()
        session = Session(
            user_id=user_id,
            platform=platform,
            access=self.state.new_id(),
            access_expires=now + EXPIRES_IN,
            refresh=self.state.new_id(),
            refresh_expires=now + REFRESH_EXPIRES_IN,
            began=began,
            old_access=old,
        )
        self.state.sessions[user_id, platform] = session
        return {
            "access_token": session.access,
            "expires_in": EXPIRES_IN,
            "token_type": "bearer",
            "scope": None,
            "refresh_token": session.refresh,
            "refresh_expires_in": REFRESH_EXPIRES_IN,
            "download_token": self.state.new_id(),
        }
