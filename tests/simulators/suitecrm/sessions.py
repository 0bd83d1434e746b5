"""Signing in, staying signed in, and how a session ends."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.simulators.sugar.state import User
from tests.simulators.suitecrm.errors import Nothing, ServiceError
from tests.simulators.suitecrm.state import Login, SuiteState
from tests.simulators.suitecrm.switches import Switches


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Sessions:
    """``network`` is the client's address as the server sees it; tests move it."""

    def __init__(self, state: SuiteState) -> None:
        self.state = state
        self.network = "203.0.113.10"
        self.started = ""
        """The session that PHP has started for the present call, and tells in a cookie."""

    @property
    def switches(self) -> Switches:
        switches = self.state.switches
        assert isinstance(switches, Switches)
        return switches

    def login(self, user_auth: Any = None, application_name: Any = None, name_value_list: Any = ()) -> dict[str, Any]:
        """The password as its MD5 in hex, or plain with ``encryption`` ``PLAIN``; a user may have many sessions."""
        given = user_auth if isinstance(user_auth, dict) else {}
        password = str(given.get("password") or "")
        if given.get("encryption") == "PLAIN":
            password = md5(password)
        name = str(given.get("user_name") or "")
        user = next((each for each in self.state.users.values() if each.user_name.lower() == name.lower()), None)
        if user is not None and user.id in self.state.locked_out:
            raise ServiceError("lockout_reached")
        if user is None or user.sso or md5(user.password) != password.lower():
            raise ServiceError("invalid_login")
        if user.id in self.state.expired_passwords:
            raise ServiceError("password_expired")
        session = self.state.new_id().replace("-", "")
        self.state.logins[session] = Login(user.id, self.network, self.state.now())
        self.started = session
        return {"id": session, "module_name": "Users", "name_value_list": _about(user)}

    def logout(self, session: Any = "") -> None:
        self.user(session)
        del self.state.logins[str(session)]

    def seamless_login(self, session: Any = "") -> int:
        """1 if the session lives, else 0."""
        try:
            self.user(session)
        except (ServiceError, Nothing):
            return 0
        return 1

    def user(self, session: Any) -> User:
        """Whose session it is; using it keeps it alive.

        Raises:
            Nothing: none was given.
            ServiceError: it is unknown, was not used for too long, or comes from another network, which ends it.
        """
        if not session:
            raise Nothing
        self.started = str(session)
        login = self.state.logins.get(str(session))
        if login is not None:
            now = self.state.now()
            near = self.network.rsplit(".", 1)[0] == login.network.rsplit(".", 1)[0]
            if now - login.used < self.switches.session_idle and (near or not self.switches.verify_client_ip):
                login.used = now
                return self.state.users[login.user_id]
            del self.state.logins[str(session)]
        raise ServiceError("invalid_session")


def _about(user: User) -> dict[str, Any]:
    values = {
        "user_id": user.id,
        "user_name": user.user_name,
        "user_language": "en_us",
        "user_currency_id": None,
        "user_is_admin": user.is_admin,
        "user_default_team_id": None,
        "user_default_dateformat": "m/d/Y",
        "user_default_timeformat": "H:i",
        "user_number_separator": ",",
        "user_decimal_separator": ".",
        "mobile_max_list_entries": None,
        "mobile_max_subpanel_entries": None,
        "user_currency_name": "US Dollars",
    }
    return {name: {"name": name, "value": value} for name, value in values.items()}
