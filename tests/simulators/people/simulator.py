"""The server: finds the method, checks token, scope, request and quota, and answers."""

from __future__ import annotations

import dataclasses
import threading
from random import Random
from urllib.parse import parse_qs

from tests.simulators.people import schema
from tests.simulators.people.account import Account
from tests.simulators.people.errors import ApiError, Json
from tests.simulators.people.groups import Groups
from tests.simulators.people.listing import Listing
from tests.simulators.people.oauth import Consent, OAuth
from tests.simulators.people.quota import COSTS, READ, Cost, Meter, Quota
from tests.simulators.people.schema import Method
from tests.simulators.people.switches import Switches
from tests.simulators.people.writing import Writing
from tests.simulators.wire import Reply, Request, SimClock

JSON_TYPE = {"Content-Type": "application/json; charset=UTF-8"}


class PeopleSimulator:
    """People API under ``/v1``, OAuth under ``/o/oauth2/v2/auth``, ``/token``, ``/revoke``, ``/certs``; one port."""

    def __init__(self, clock: SimClock, switches: Switches | None = None, *, seed: int = 1) -> None:
        self.clock = clock
        self.switches = switches or Switches()
        self.random = Random(seed)  # noqa: S311 - ids of a simulator
        self.accounts: dict[str, Account] = {}
        self.oauth = OAuth(clock, self.random, self.accounts)
        self._meter = Meter(clock, self.switches)
        self._listing = Listing(clock, self.switches)
        self._writing = Writing(self.switches)
        self._groups = Groups()
        self._flight_lock = threading.Lock()
        self._in_flight: dict[int, Account] = {}
        """Mutate requests under way, by the request's identity."""

    # -- controls ------------------------------------------------------------------------------------

    def account(self, email: str = "user@example.com") -> Account:
        """The account of this address, made at its first mention."""
        if email not in self.accounts:
            subject = "1" + "".join(self.random.choice("0123456789") for _ in range(20))
            self.accounts[email] = Account(email, subject, self.clock, self.switches, self.random, self.oauth.grant)
        return self.accounts[email]

    @property
    def consent(self) -> Consent:
        """What the user does on the consent screen."""
        return self.oauth.consent

    @consent.setter
    def consent(self, consent: Consent) -> None:
        self.oauth.consent = consent

    @property
    def quota(self) -> Quota:
        """Off until set."""
        return self._meter.quota

    @quota.setter
    def quota(self, quota: Quota) -> None:
        self._meter.quota = quota

    def access_token(self, account: Account, refresh_token: str = "") -> str:
        """An access token without HTTP; with the contacts scope, or that of the refresh token."""
        token = refresh_token or account.grant()
        return self.oauth.new_access(account, self.oauth.grants[token].scopes, token)

    def revoke(self, refresh_token: str) -> None:
        """The user takes the grant back."""
        self.oauth.kill(refresh_token)

    def expire_access_tokens(self) -> None:
        """All access tokens are over; the next refresh gives good ones."""
        self.oauth.expire_access_tokens()

    # -- serving -------------------------------------------------------------------------------------

    def arrived(self, request: Request) -> None:
        """Told by the wire when a request has been read, before it waits for its turn."""
        access = self.oauth.holder(request)
        if access and _mutates(request):
            with self._flight_lock:
                if access.account in self._in_flight.values():
                    access.account.overlapping_writes += 1
                self._in_flight[id(request)] = access.account

    def departed(self, request: Request) -> None:
        """Told by the wire when the answer has been sent, or never will be."""
        with self._flight_lock:
            self._in_flight.pop(id(request), None)

    def answer(self, request: Request) -> Reply:
        """One call."""
        if reply := self.oauth.answer(request):
            return reply
        try:
            return Reply(200, self._answer(request), dict(JSON_TYPE))
        except ApiError as error:
            return Reply(error.code, error.body(), {**JSON_TYPE, **error.headers})

    def _answer(self, request: Request) -> Json:
        verb, query = request.method, request.query_lists()
        if override := request.headers.get("x-http-method-override"):
            # googleapiclient sends long GETs as POST with a form body.
            verb, request = override.upper(), dataclasses.replace(request, method=override.upper())
            query = {**query, **parse_qs(request.body.decode(), keep_blank_values=True)}
        method, resource_name = schema.route(verb, request.path)
        access = self.oauth.holder(request)
        if access is None:
            raise _unauthenticated()
        if not access.scopes & method.scopes:
            raise _scope_missing(method)
        checked = schema.query_of(method, query)
        body = schema.body_of(method, request.body) if method.request else {}
        account = access.account
        cost = COSTS.get(method.id, READ)
        if method.id == "people.people.connections.list" and self._listing.is_first_full_page(checked):
            cost = Cost(reads=1, first_pages=1)
        self._meter.charge(account.email, cost)
        return self._call(account, method, resource_name, checked, body)

    def _call(self, account: Account, method: Method, name: str, query: Json, body: Json) -> Json:
        match method.id.removeprefix("people."):
            case "people.connections.list":
                return self._listing.connections(account, method, name, query)
            case "people.get":
                return self._listing.get(account, method, name, query)
            case "people.getBatchGet":
                return self._listing.batch_get(account, method, query)
            case "people.searchContacts":
                return self._listing.search(account, method, query)
            case "people.createContact":
                return self._writing.create(account, method, query, body)
            case "people.updateContact":
                return self._writing.update(account, method, name, query, body)
            case "people.deleteContact":
                return self._writing.delete(account, name)
            case "people.updateContactPhoto":
                return self._writing.set_photo(account, name, body)
            case "people.deleteContactPhoto":
                return self._writing.drop_photo(account, method, name, query)
            case "people.batchCreateContacts":
                return self._writing.batch_create(account, body)
            case "people.batchUpdateContacts":
                return self._writing.batch_update(account, body)
            case "people.batchDeleteContacts":
                return self._writing.batch_delete(account, body)
            case "contactGroups.list":
                return self._groups.list(account, method, query)
            case "contactGroups.get":
                return self._groups.get(account, method, name, query)
            case "contactGroups.batchGet":
                return self._groups.batch_get(account, method, query)
            case "contactGroups.create":
                return self._groups.create(account, body)
            case "contactGroups.update":
                return self._groups.update(account, name, body)
            case "contactGroups.delete":
                return self._groups.delete(account, name, query)
            case "contactGroups.members.modify":
                return self._groups.modify(account, name, body)
            case _:
                raise ApiError(501, f"{method.id} is not simulated.", "UNIMPLEMENTED")


def _mutates(request: Request) -> bool:
    if not request.path.startswith("/v1/"):
        return False
    return request.headers.get("x-http-method-override", request.method).upper() != "GET"


def _unauthenticated() -> ApiError:
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    return ApiError(401, message, "UNAUTHENTICATED")


def _scope_missing(method: Method) -> ApiError:
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": {"method": method.rpc, "service": "people.googleapis.com"},
        }
    ]
    return ApiError(403, "Request had insufficient authentication scopes.", "PERMISSION_DENIED", details)
