"""The server: from a request to a method of the service and back, and controlled by tests."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tests.simulators.sugar.controls import Controls
from tests.simulators.sugar.state import Contact
from tests.simulators.suitecrm.about import Server
from tests.simulators.suitecrm.arguments import bound, decoded
from tests.simulators.suitecrm.errors import HTML, JSON, Failure, Fatal, ServiceError
from tests.simulators.suitecrm.fields import GONE
from tests.simulators.suitecrm.form import Form
from tests.simulators.suitecrm.service import Service
from tests.simulators.suitecrm.sessions import Sessions
from tests.simulators.suitecrm.state import SuiteState
from tests.simulators.suitecrm.switches import Switches
from tests.simulators.suitecrm.text import stored
from tests.simulators.suitecrm.writing import Pace
from tests.simulators.wire import Reply, Request, SimClock

Release = Literal["SuiteCRM 7", "SuiteCRM 8", "Sugar 6.5 CE"]

_RELEASES: dict[Release, tuple[Server, str]] = {
    "SuiteCRM 7": (Server(), "/service/v4_1/rest.php"),
    "SuiteCRM 8": (Server(suitecrm_version="8.7.1"), "/legacy/service/v4_1/rest.php"),
    "Sugar 6.5 CE": (Server("6.5.26", ""), "/service/v4_1/rest.php"),
}
_NOT_FOUND = b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><title>404 Not Found</title><h1>Not Found</h1>'
_DENIED = {
    "error": "access_denied",
    "error_description": "The resource owner or authorization server denied the request.",
    "hint": 'Missing "Authorization" header',
    "message": "The resource owner or authorization server denied the request.",
}


class SuiteSimulator(Controls):
    """Serve it with :class:`Wire`; the controls are those of the other dialect's simulator.

    Args:
        clock: the only source of time.
        switches: this server's answers where servers differ.
        extra_fields: fields beside the stock ones; an instance as delivered has none of them.
        seed: of ids and sessions.
        release: decides what the server says of itself, and where the service is found.
        base: where the instance is installed, ``/crm`` for example.
    """

    state: SuiteState

    def __init__(
        self,
        clock: SimClock,
        switches: Switches | None = None,
        *,
        extra_fields: tuple[str, ...] = (),
        seed: int = 0,
        release: Release = "SuiteCRM 7",
        base: str = "",
    ) -> None:
        super().__init__(clock, switches or Switches(), extra_fields, seed)
        server, path = _RELEASES[release]
        self.state = SuiteState(clock, switches or Switches(), self.state.fields, seed)
        for name in GONE:
            del self.state.fields[name]
        self.sessions = Sessions(self.state)
        self.server = server
        self.path = base.rstrip("/") + path
        self.maintenance = False
        """Every call is answered 503."""
        self._pace = Pace()
        self.crashes: list[Exception] = []
        """What went wrong inside the simulator itself; a test may assert that it is empty."""

    # -- controls of this dialect ----------------------------------------------------------------------

    def move_network(self, address: str = "198.51.100.10") -> None:
        """The client calls from another address from now on; sessions are bound to the first three numbers."""
        self.sessions.network = address

    def revoke(self, user: str = "") -> None:
        """Sessions end (of all users by default)."""
        self.state.logins = {key: each for key, each in self.state.logins.items() if user not in ("", each.user_id)}

    def expire_access(self, user: str = "") -> None:
        """The same: there is nothing but the session."""
        self.revoke(user)

    @property
    def seconds_per_item(self) -> float:
        """What a record of ``set_entries`` costs in simulated time."""
        return self._pace.seconds_per_record

    @seconds_per_item.setter
    def seconds_per_item(self, seconds: float) -> None:
        self._pace.seconds_per_record = seconds

    def end_at(self, record: int, *, halfway: bool = False) -> None:
        """PHP ends (its memory or time is up), once: the call is answered 500, what came before stays.

        Args:
            record: which of the records that are written from now on, from 1; nothing of it is stored.
            halfway: it is stored, its addresses are not.
        """
        self._pace = Pace(self.seconds_per_item, record, halfway)

    # -- one call --------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        try:
            self.state.settle()
            reply = self._route(request)
        except Failure as failure:
            reply = failure.reply
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self.crashes.append(error)
            reply = Fatal().reply
        now = self.clock.now() + timedelta(seconds=self.state.switches.server_skew)
        reply.headers.setdefault("Date", format_datetime(now, usegmt=True))
        return reply

    def _route(self, request: Request) -> Reply:
        if self.maintenance:
            return Reply(503, b"<h1>Service Unavailable</h1>", dict(HTML))
        root = self.path.removesuffix("/service/v4_1/rest.php").removesuffix("/legacy")
        if request.path.startswith((f"{root}/Api/V8/", f"{root}/Api/index.php/V8/")):
            # JSON:API is not modelled; nobody signs in to it here.
            return Reply(401, _DENIED, {"Content-Type": "application/json"})
        if request.path != self.path:
            return Reply(404, _NOT_FOUND, dict(HTML))
        self.sessions.started = ""
        try:
            reply = self._call(_form(request))
        except Failure as failure:
            reply = failure.reply
        if self.sessions.started:
            reply.headers["Set-Cookie"] = f"PHPSESSID={self.sessions.started}; path=/"
        return reply

    def _call(self, form: Form) -> Reply:
        name = form.get("method", [""])[-1]
        service = Service(self.sessions, self.server, form, self._pace)
        method = None if name.startswith("_") else getattr(service, name, None)
        if method is None:
            raise ServiceError("invalid_call")
        data = decoded(form.get("rest_data", [""])[-1])
        arguments = bound(method, data, named=self.sessions.switches.arguments == "named")
        return Reply(200, method(**arguments), dict(JSON))

    # -- parts -----------------------------------------------------------------------------------------

    def _changes(self, fields: dict[str, Any]) -> Contact:
        """A user's own edits pass the same cleaner."""
        changes = super()._changes(fields)
        return {
            name: stored(value) if isinstance(value, str) and name in self.fields and self.fields[name].text else value
            for name, value in changes.items()
        }


def _form(request: Request) -> Form:
    """The parameters of the query and of the body, as PHP has them together."""
    query = parse_qs(urlsplit(request.headers.get("x-raw-target", "")).query, keep_blank_values=True)
    return {**query, **request.form_lists()} if request.method == "POST" else query
