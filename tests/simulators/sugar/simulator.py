"""The server: routes calls, and is controlled by tests."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from tests.simulators.sugar.auth import Auth
from tests.simulators.sugar.bulk import bulk
from tests.simulators.sugar.controls import Controls
from tests.simulators.sugar.errors import SugarError
from tests.simulators.sugar.listing import Listing, query_arguments
from tests.simulators.sugar.metadata import Metadata, Server
from tests.simulators.sugar.records import Records
from tests.simulators.sugar.state import User
from tests.simulators.sugar.switches import Switches
from tests.simulators.wire import Reply, Request, SimClock

_VERSION = re.compile(r"v(\d+)(?:_(\d+))?")
_ACCEPT = re.compile(r"application/vnd\.sugarcrm\.core\+json;\s*version=(\d+)(?:\.(\d+))?")


class SugarSimulator(Controls):
    """Serve it with :class:`Wire`; the controls that tests use without HTTP are in :class:`Controls`.

    Args:
        clock: the only source of time.
        switches: this server's answers to the open questions.
        extra_fields: optional fields that the instance has (``middle_name``, ``suffix``, ``nickname``, ``website``).
        seed: of ids and tokens.
    """

    def __init__(
        self, clock: SimClock, switches: Switches | None = None, *, extra_fields: tuple[str, ...] = (), seed: int = 0
    ) -> None:
        super().__init__(clock, switches or Switches(), extra_fields, seed)
        self.auth = Auth(self.state)
        self.server = Server()
        self.maintenance = False
        """Every call is answered 503."""
        self.seconds_per_item = 0.0
        """What an item of a bulk costs in simulated time."""
        self.crashes: list[Exception] = []
        """What went wrong inside the simulator itself; a test may assert that it is empty."""
        self._calls: list[float] = []

    # -- one call --------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        try:
            self.state.settle()
            self._gate(request)
            reply = self._version(request)
        except SugarError as error:
            reply = error.reply()
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self.crashes.append(error)
            reply = SugarError("fatal_error").reply()
        now = self.clock.now() + timedelta(seconds=self.switches.server_skew)
        reply.headers.setdefault("Date", format_datetime(now, usegmt=True))
        return reply

    def _gate(self, request: Request) -> None:
        if self.maintenance:
            raise SugarError("maintenance")
        if self.switches.user_agent_required and not request.headers.get("user-agent", "").strip():
            raise SugarError("client_not_allowed")
        if self.switches.rate_limit is not None:
            now = self.clock.now().timestamp()
            self._calls = [at for at in self._calls if at > now - 60]
            if len(self._calls) >= self.switches.rate_limit:
                raise SugarError("too_many_requests")
            self._calls.append(now)

    def _version(self, request: Request) -> Reply:
        parts = [part for part in request.path.split("/") if part]
        if not parts or parts[0] != "rest":
            return Reply(404, b"<html><body><h1>Not Found</h1></body></html>", {"Content-Type": "text/html"})
        in_path = _VERSION.fullmatch(parts[1]) if len(parts) > 1 else None
        in_accept = _ACCEPT.search(request.headers.get("accept", ""))
        found = in_path or in_accept
        if found is None or (in_path and in_accept) or not self._speaks(int(found[1]), int(found[2] or 0)):
            raise SugarError("incorrect_version")
        return self._route(request, parts[2:] if in_path else parts[1:])

    def _speaks(self, major: int, minor: int) -> bool:
        return (major, minor) == (10, 0) or (major == 11 and minor <= self.server.minor)

    def _route(self, request: Request, parts: list[str]) -> Reply:
        if (request.method, parts) == ("POST", ["oauth2", "token"]):
            return Reply(200, self.auth.token(request.json()))
        session, user = self.auth.session(request)
        metadata = Metadata(self.state, self.server, user)
        match request.method, parts:
            case "POST", ["oauth2", "logout"]:
                return Reply(200, self.auth.logout(session))
            case "GET", ["metadata"]:
                return Reply(200, metadata.get(request.query))
        known = request.headers.get("x-metadata-hash", "")
        if known and known != metadata.hash():
            raise SugarError("metadata_out_of_date")
        match request.method, parts:
            case "GET", ["ping"]:
                return Reply(200, "pong")
            case "GET", ["ping", "whattimeisit"]:
                return Reply(200, user.iso(self.state.now()))
            case "GET", ["me"]:
                return Reply(200, metadata.me())
            case "POST", ["bulk"]:
                return Reply(200, bulk(request, self.switches, self._item))
            case "POST", ["WebLogicHooks"]:
                return Reply(200, self._add_web_hook(user, request.json()))
            case _, ["Contacts", *rest]:
                return Reply(200, self._contacts(request, user, rest))
        raise SugarError("no_method")

    def _item(self, request: Request) -> Reply:
        """One item of a bulk, after its cost in time."""
        self.clock.advance(self.seconds_per_item)
        self.state.settle()
        if request.path.rstrip("/").endswith("/bulk"):
            raise SugarError("no_method")
        try:
            return self._version(request)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self.crashes.append(error)
            raise SugarError("fatal_error") from error

    def _contacts(self, request: Request, user: User, parts: list[str]) -> Any:
        listing, records = Listing(self.state, user), Records(self.state, user)
        body = request.json()
        if request.body and body is None and request.body.strip() != b"null":
            raise SugarError("invalid_parameter", "The request body is no JSON")
        arguments = query_arguments(request.query)
        merged = {**arguments, **body} if isinstance(body, dict) else arguments
        match request.method, parts:
            case ("GET", []) | ("GET", ["filter"]) | ("POST", ["filter"]):
                return listing.page(merged)
            case ("GET", ["count"]) | ("GET", ["filter", "count"]) | ("POST", ["filter", "count"]):
                return listing.count(merged)
            case "POST", ["duplicateCheck"]:
                return listing.duplicates(merged)
            case "POST", []:
                return records.create(body, arguments)
            case "PATCH", ["sync_key", key]:
                return records.upsert(key, body)
            case "GET", [contact_id]:
                return records.get(contact_id, arguments)
            case "PUT", [contact_id]:
                return records.update(contact_id, body, arguments, request.headers.get("x-timestamp", ""))
            case "DELETE", [contact_id]:
                return records.delete(contact_id)
            case "PUT", [contact_id, "favorite"]:
                return records.favorite(contact_id, True, arguments)
            case ("PUT", [contact_id, "unfavorite"]) | ("DELETE", [contact_id, "favorite"]):
                return records.favorite(contact_id, False, arguments)
        raise SugarError("no_method")

    def _add_web_hook(self, user: User, body: Any) -> dict[str, Any]:
        if not user.is_admin:
            raise SugarError("not_authorized")
        if not isinstance(body, dict) or not body.get("url"):
            raise SugarError("missing_parameter", "Missing parameter: url")
        hook = {**body, "id": self.state.new_id()}
        self.state.web_hooks.append(hook)
        return hook
