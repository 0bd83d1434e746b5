"""Reading: the connections with their sync tokens, single people, batches, search."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.simulators.people import schema
from tests.simulators.people.account import Account
from tests.simulators.people.errors import CODES, NOT_FOUND, ApiError, Json, invalid, not_found
from tests.simulators.people.person import Version
from tests.simulators.people.schema import Method
from tests.simulators.people.state import Clock
from tests.simulators.people.switches import Switches

TOKEN_LIFE = timedelta(days=7)
"""Counted from the full sync (D)."""
LISTINGS_KEPT = 64
BATCH_GET = 200

CONTACT_SOURCE, PROFILE_SOURCE = "READ_SOURCE_TYPE_CONTACT", "READ_SOURCE_TYPE_PROFILE"


@dataclass(slots=True)
class Session:
    """One listing, from its first page to its last."""

    fingerprint: str
    """Of every parameter but the page token."""
    versions: list[Version]
    position: int
    """Of the history, when the first page was asked for: where the next delta starts."""
    synced_at: datetime
    """When the full sync began that the tokens descend from."""
    sync: bool
    delta: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a person an answer shows."""

    mask: frozenset[str]
    contact: bool = True
    profile: bool = True

    def render(self, version: Version, *, capped: bool = False, delta: bool = False) -> Json:
        """The person."""
        return version.render(self.mask, contact=self.contact, profile=self.profile, capped=capped, delta=delta)


def shown_of(method: Method, query: Json, *, default: frozenset[str] | None = None) -> Shown:
    """From ``personFields`` (or the old ``requestMask.includeField``) and ``sources``."""
    text = query.get("personFields") or ",".join(
        re.sub(r"_(\w)", lambda m: m.group(1).upper(), path.removeprefix("person."))
        for path in query.get("requestMask.includeField", "").split(",")
        if path
    )
    mask = schema.mask_of(text, method.parameters["personFields"]["description"], "personFields")
    if not mask:
        if default is None:
            raise schema.required("personFields")
        mask = default
    contact, profile = sources_of(query.get("sources", []))
    return Shown(mask, contact, profile)


def sources_of(sources: list[str]) -> tuple[bool, bool]:
    """Whether contacts and profiles are asked for; both if nothing is said (D)."""
    wanted = [s for s in sources if s != "READ_SOURCE_TYPE_UNSPECIFIED"]
    if not wanted:
        return True, True
    return CONTACT_SOURCE in wanted, PROFILE_SOURCE in wanted


class Listing:
    """Reads of people."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches

    # -- connections ---------------------------------------------------------------------------------

    def is_first_full_page(self, query: Json) -> bool:
        """Whether the call takes from the extra quota."""
        return bool(query.get("requestSyncToken")) and not query.get("pageToken") and not query.get("syncToken")

    def connections(self, account: Account, method: Method, resource_name: str, query: Json) -> Json:
        """One page."""
        if resource_name != "people/me":
            raise invalid()
        shown = shown_of(method, query)
        size = query.get("pageSize", 0) or 100
        if not 1 <= size <= 1000:
            raise invalid()
        asked = {
            "personFields": query.get("personFields", query.get("requestMask.includeField")),
            "pageSize": size,
            "sources": query.get("sources", []),
            "sortOrder": query.get("sortOrder") or "LAST_MODIFIED_ASCENDING",
        }
        prints = _fingerprint(asked)
        whole = _fingerprint(
            {**asked, "sync": bool(query.get("requestSyncToken")), "syncToken": query.get("syncToken")}
        )
        if page_token := query.get("pageToken"):
            key, offset, session = self._resumed(account, page_token, whole)
        else:
            session = self._started(account, query, asked["sortOrder"], prints, whole)
            key, offset = f"{len(account.sessions)}-{account.book.random.getrandbits(48):x}", 0
        return self._page(account, shown, size, key, offset, session, prints)

    def _started(self, account: Account, query: Json, order: str, prints: str, whole: str) -> Session:
        book, now = account.book, self._clock.now()
        if token := query.get("syncToken"):
            since, synced_at = self._decoded(account, token, prints)
            position = book.position
            found = book.changes(since, position)
            renewed = now if self._switches.delta_renews_token else synced_at
            return Session(whole, _sorted(found, order), position, renewed, True, True)
        sync = bool(query.get("requestSyncToken"))
        lags = sync or self._switches.plain_list_lags
        found = list((book.replica() if lags else book.live).values())
        return Session(whole, _sorted(found, order), book.position, now, sync, False)

    def _resumed(self, account: Account, token: str, whole: str) -> tuple[str, int, Session]:
        parsed = open_token(token)
        session = account.sessions.get(str(parsed.get("s")))
        offset = parsed.get("o")
        if not isinstance(session, Session) or not isinstance(offset, int) or session.fingerprint != whole:
            raise invalid()
        if self._switches.paging == "live" and not session.delta:
            lags = session.sync or self._switches.plain_list_lags
            current = account.book.replica() if lags else account.book.live
            session.versions = session.versions[:offset] + [
                current[v.resource_name] for v in session.versions[offset:] if v.resource_name in current
            ]
        return str(parsed["s"]), offset, session

    def _page(
        self, account: Account, shown: Shown, size: int, key: str, offset: int, session: Session, prints: str
    ) -> Json:
        versions = session.versions[offset : offset + size]
        answer: Json = {}
        if versions:
            people = [shown.render(v, capped=True, delta=session.delta) for v in versions]
            answer["connections"] = [p for p, v in zip(people, versions, strict=True) if self._belongs(v, shown)]
        if offset + size < len(session.versions):
            account.sessions[key] = session
            while len(account.sessions) > LISTINGS_KEPT:
                account.sessions.pop(next(iter(account.sessions)))
            answer["nextPageToken"] = seal_token({"s": key, "o": offset + size})
        elif session.sync:
            token = {
                "p": session.position,
                "f": prints,
                "t": session.synced_at.isoformat(),
                "g": account.sync_generation,
                "u": account.subject,
                "n": account.book.random.getrandbits(32),
            }
            answer["nextSyncToken"] = seal_token(token)
        if total := len(session.versions):
            answer["totalPeople"] = answer["totalItems"] = total
        return answer

    @staticmethod
    def _belongs(version: Version, shown: Shown) -> bool:
        return version.deleted or shown.contact or (shown.profile and version.profile is not None)

    def _decoded(self, account: Account, token: str, prints: str) -> tuple[int, datetime]:
        parsed = open_token(token)
        try:
            position, synced_at = int(parsed["p"]), datetime.fromisoformat(parsed["t"])
            good = parsed["u"] == account.subject
        except (KeyError, TypeError, ValueError) as error:
            raise invalid() from error
        if not good:
            raise invalid()
        if parsed["g"] != account.sync_generation or self._clock.now() - synced_at > TOKEN_LIFE:
            raise self._expired()
        if parsed["f"] != prints:
            raise invalid()
        return position, synced_at

    def _expired(self) -> ApiError:
        details = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "EXPIRED_SYNC_TOKEN",
                "domain": "people.googleapis.com",
            }
        ]
        message = "Sync token is expired. Clear local cache and retry call without the sync token."
        return ApiError(400, message, self._switches.expired_token_status, details)

    # -- single people -------------------------------------------------------------------------------

    def get(self, account: Account, method: Method, resource_name: str, query: Json) -> Json:
        """One person; sees every write at once (R). A former name answers with the current one (D)."""
        shown = shown_of(method, query)
        found = self._person(account, resource_name, shown)
        if found is None:
            raise not_found()
        return found

    def batch_get(self, account: Account, method: Method, query: Json) -> Json:
        """At most 200 people (D)."""
        shown = shown_of(method, query)
        names: list[str] = query.get("resourceNames", [])
        if not names or len(names) > BATCH_GET or not all(re.fullmatch(r"people/\w+", name) for name in names):
            raise invalid()
        responses: list[Json] = []
        for name in names:
            found = self._person(account, name, shown)
            if found is not None:
                responses.append({"httpStatusCode": 200, "person": found, "requestedResourceName": name, "status": {}})
                continue
            missing = self._switches.missing_in_batch_get
            if missing == "whole_call":
                raise not_found()
            if missing != "left_out":
                deleted = account.book.deleted(name) if missing == "tombstone" else None
                if deleted is not None:
                    shape = {"httpStatusCode": 200, "person": shown.render(deleted), "status": {}}
                    responses.append({**shape, "requestedResourceName": name})
                    continue
                entry: Json = {"requestedResourceName": name}
                entry["status"] = {"code": CODES["NOT_FOUND"], "message": NOT_FOUND}
                if missing != "status_only":
                    entry["httpStatusCode"] = 404
                responses.append(entry)
        if self._switches.batch_get_shuffled:
            account.book.random.shuffle(responses)
        return {"responses": responses} if responses else {}

    def _person(self, account: Account, resource_name: str, shown: Shown) -> Json | None:
        if resource_name == "people/me":
            return _me(account, shown)
        version = account.book.find(resource_name)
        if version is None or not self._belongs(version, shown):
            return None
        return shown.render(version)

    def search(self, account: Account, method: Method, query: Json) -> Json:
        """People of whom a word of the name, nickname, company, an email or a phone begins with the query (D)."""
        mask = schema.mask_of(query.get("readMask", ""), method.parameters["readMask"]["description"], "readMask")
        if not mask:
            raise schema.required("readMask")
        text = query.get("query", "").lower()
        size = min(query.get("pageSize", 0) or 10, 30)
        contact, profile = sources_of(query.get("sources", [CONTACT_SOURCE]))
        shown = Shown(mask, contact, profile)
        found = [v for v in account.book.replica().values() if text and _matches(v, text)]
        return {"results": [{"person": shown.render(v)} for v in found[:size]]} if found else {}


def _matches(version: Version, text: str) -> bool:
    keys = (("names", "displayName"), ("nicknames", "value"), ("emailAddresses", "value"), ("phoneNumbers", "value"))
    for name, key in (*keys, ("organizations", "name"), ("organizations", "title")):
        for item in version.fields.get(name, []):
            if re.search(rf"(^|\s){re.escape(text)}", str(item.get(key, "")).lower()):
                return True
    return False


def _me(account: Account, shown: Shown) -> Json:
    source = {"type": "PROFILE", "id": account.subject}
    top = {"primary": True, "source": source}
    found: Json = {"resourceName": f"people/{account.subject}", "etag": "%" + account.subject}
    if "names" in shown.mask:
        found["names"] = [{"metadata": top, "displayName": account.name, "unstructuredName": account.name}]
    if "emailAddresses" in shown.mask:
        found["emailAddresses"] = [{"metadata": {**top, "verified": True}, "value": account.email}]
    if "metadata" in shown.mask:
        found["metadata"] = {"sources": [source], "objectType": "PERSON"}
    return found


def _sorted(versions: list[Version], order: str) -> list[Version]:
    def name(version: Version, key: str) -> str:
        names = version.fields.get("names", [])
        return str(names[0].get(key, "")).lower() if names else ""

    if order == "LAST_MODIFIED_DESCENDING":
        return sorted(versions, key=lambda v: -v.number)
    if order == "FIRST_NAME_ASCENDING":
        return sorted(versions, key=lambda v: name(v, "displayName"))
    if order == "LAST_NAME_ASCENDING":
        return sorted(versions, key=lambda v: name(v, "displayNameLastFirst"))
    return sorted(versions, key=lambda v: v.number)


def _fingerprint(parameters: Json) -> str:
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:24]


def seal_token(content: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def open_token(token: str) -> Json:
    try:
        parsed: Any = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise invalid() from error
    if not isinstance(parsed, dict):
        raise invalid()
    return parsed
