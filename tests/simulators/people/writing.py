"""Writing people: one by one with etags, and in batches that happen wholly or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulators.people import schema
from tests.simulators.people.account import EVERYTHING, Account
from tests.simulators.people.errors import ApiError, Json, invalid, not_found, stale
from tests.simulators.people.listing import Shown, shown_of, sources_of
from tests.simulators.people.person import Fields, Version, changed, check_limits, source_etag_in, stored_fields
from tests.simulators.people.schema import Method
from tests.simulators.people.state import ADDABLE, MY_CONTACTS
from tests.simulators.people.switches import Switches

BATCH = 200
BATCH_DELETE = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """One checked write."""

    fields: Fields
    groups: tuple[str, ...]
    old: Version | None = None


class Writing:
    """Mutations of people."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    # -- one by one ----------------------------------------------------------------------------------

    def create(self, account: Account, method: Method, query: Json, body: Json) -> Json:
        """No idempotency key: the same call again makes another contact (R)."""
        shown = shown_of(method, query, default=EVERYTHING)
        planned = self._plan_create(account, body, len(account.book.live) + 1)
        return shown.render(self._carry_out(account, planned))

    def update(self, account: Account, method: Method, resource_name: str, query: Json, body: Json) -> Json:
        """Masked fields are replaced whole (R); the etag has to be the current one."""
        shown = shown_of(method, query, default=EVERYTHING)
        description = method.parameters["updatePersonFields"]["description"]
        mask = schema.mask_of(query.get("updatePersonFields", ""), description, "updatePersonFields")
        if not mask:
            raise schema.required("updatePersonFields")
        return shown.render(self._carry_out(account, self._plan_update(account, resource_name, mask, body)))

    def delete(self, account: Account, resource_name: str) -> Json:
        """Takes no etag; 404 if there is none."""
        version = account.book.find(resource_name)
        if version is None:
            raise not_found()
        account.book.drop(version)
        return {}

    def set_photo(self, account: Account, resource_name: str, body: Json) -> Json:
        """``updateContactPhoto``."""
        data: str = body.get("photoBytes", "")
        if not data:
            raise invalid()
        url = f"https://lh3.googleusercontent.com/contacts/{hashlib.sha256(data.encode()).hexdigest()[:24]}=s100"
        mask = schema.mask_of(
            body.get("personFields", ""),
            schema.field_description("UpdateContactPhotoRequest", "personFields"),
            "personFields",
        )
        return self._photo(account, resource_name, [{"url": url}], Shown(mask, *sources_of(body.get("sources", []))))

    def drop_photo(self, account: Account, method: Method, resource_name: str, query: Json) -> Json:
        """``deleteContactPhoto``."""
        return self._photo(account, resource_name, [], shown_of(method, query, default=frozenset()))

    def _photo(self, account: Account, resource_name: str, photos: list[Json], shown: Shown) -> Json:
        old = account.book.find(resource_name)
        if old is None:
            raise not_found()
        version = account.book.put(changed(old.fields, photos=photos), old.groups, old=old, by_api=True)
        return {"person": shown.render(version)} if shown.mask else {}

    # -- batches -------------------------------------------------------------------------------------

    def batch_create(self, account: Account, body: Json) -> Json:
        """At most 200; all or nothing."""
        contacts: list[Json] = body.get("contacts", [])
        shown = self._shown(body, "BatchCreateContactsRequest")
        if not contacts or len(contacts) > BATCH:
            raise invalid()
        count = len(account.book.live)
        planned = self._all(
            {
                str(i): lambda i=i, c=c: self._plan_create(account, c.get("contactPerson"), count + i + 1)  # type: ignore[misc]
                for i, c in enumerate(contacts)
            },
            "BatchCreateContactsErrorDetails",
        )
        created = [self._carry_out(account, plan) for plan in planned.values()]
        if not shown.mask:
            return {}
        people = [_response(v.resource_name, shown.render(v)) for v in created]
        if self._switches.created_shuffled:
            account.book.random.shuffle(people)
        return {"createdPeople": people}

    def batch_update(self, account: Account, body: Json) -> Json:
        """At most 200; one mask for every body, so what a body lacks is cleared (D); all or nothing."""
        contacts: dict[str, Json] = body.get("contacts", {})
        shown = self._shown(body, "BatchUpdateContactsRequest")
        description = schema.field_description("BatchUpdateContactsRequest", "updateMask")
        mask = schema.mask_of(body.get("updateMask", ""), description, "updateMask")
        if not mask:
            raise schema.required("updateMask")
        if not contacts or len(contacts) > BATCH:
            raise invalid()
        planned = self._all(
            {
                name: lambda name=name, person=person: self._plan_update(account, name, mask, person)  # type: ignore[misc]
                for name, person in contacts.items()
            },
            "BatchUpdateContactsErrorDetails",
        )
        updated = {name: self._carry_out(account, plan) for name, plan in planned.items()}
        if not shown.mask:
            return {}
        return {"updateResult": {name: _response(name, shown.render(v)) for name, v in updated.items()}}

    def batch_delete(self, account: Account, body: Json) -> Json:
        """At most 500; whether one that is missing spoils it is a switch."""
        names: list[str] = body.get("resourceNames", [])
        if not names or len(names) > BATCH_DELETE:
            raise invalid()
        found = [account.book.find(name) for name in dict.fromkeys(names)]
        if None in found and self._switches.batch_delete_missing == "refuse":
            raise not_found()
        for version in {v.resource_name: v for v in found if v is not None}.values():
            account.book.drop(version)
        return {}

    def _shown(self, body: Json, request: str) -> Shown:
        text = body.get("readMask", "")
        mask = schema.mask_of(text, schema.field_description(request, "readMask"), "readMask")
        return Shown(mask, *sources_of(body.get("sources", [])))

    def _all(self, plans: dict[str, Callable[[], Planned]], details: str) -> dict[str, Planned]:
        """Every plan, or the batch's refusal."""
        planned: dict[str, Planned] = {}
        failed: dict[str, ApiError] = {}
        for key, plan in plans.items():
            try:
                planned[key] = plan()
            except ApiError as error:
                failed[key] = error
        if not failed:
            return planned
        first = next(iter(failed))
        named = {"named": failed, "first": {first: failed[first]}, "none": {}}[self._switches.batch_error_details]
        lead = failed[first] if self._switches.batch_error_status == "first" else invalid()
        entry = {
            "@type": f"type.googleapis.com/google.people.v1.{details}",
            "contactErrors": {key: error.as_status() for key, error in named.items()},
        }
        raise ApiError(lead.code, lead.message, lead.status, [entry] if named else None)

    # -- checks --------------------------------------------------------------------------------------

    def _plan_create(self, account: Account, person: Json | None, count: int) -> Planned:
        if person is None:
            raise invalid()
        fields = stored_fields(person, self._switches)
        if self._switches.enforces_limits:
            check_limits(fields)
        groups = self._groups(account, person, None) or (MY_CONTACTS,)
        if count > account.book.max_contacts:
            code = 429 if self._switches.overflow_status == "RESOURCE_EXHAUSTED" else 400
            raise ApiError(code, "MY_CONTACTS_OVERFLOW_COUNT", self._switches.overflow_status)
        return Planned(fields, groups)

    def _plan_update(self, account: Account, resource_name: str, mask: frozenset[str], person: Json) -> Planned:
        version = account.book.find(resource_name)
        if version is None:
            raise not_found()
        if account.book.find(person.get("resourceName", resource_name)) is not version:
            raise invalid()
        self._check_etag(account, version, person)
        given = stored_fields(person, self._switches, only=mask)
        parts = {name: given.get(name, []) for name in mask if name != "memberships"}
        fields = changed(version.fields, **parts)
        if self._switches.enforces_limits:
            check_limits(fields)
        groups = version.groups
        if "memberships" in mask:
            groups = self._groups(account, person, version)
            if not groups:
                raise invalid()
        return Planned(fields, groups, version)

    def _check_etag(self, account: Account, version: Version, person: Json) -> None:
        etag = person.get("etag", "")
        sources: list[Json] = person.get("metadata", {}).get("sources", [])
        own = [s for s in sources if s.get("type") == "CONTACT"]
        if any(s.get("id", version.hex_id) != version.hex_id for s in own):
            raise invalid()
        if not own and self._switches.update_needs_sources:
            raise invalid("Request must set person.metadata.sources with the contact source that is being updated.")
        etags = [s["etag"] for s in own if s.get("etag")]
        if not etag and not etags:
            raise invalid(
                "Request must set person.etag or person.metadata.sources.etag for the source that is being updated."
            )
        if (etag and source_etag_in(etag) != version.source_etag) or not account.book.settled(version):
            raise stale("person.etag")
        if any(e != version.source_etag for e in etags):
            raise stale("person.metadata.sources.etag")

    def _groups(self, account: Account, person: Json, version: Version | None) -> tuple[str, ...]:
        """Only ``contactGroupResourceName`` counts; deprecated system groups cannot be joined any more (D)."""
        found: list[str] = []
        for membership in person.get("memberships", []):
            name = membership.get("contactGroupMembership", {}).get("contactGroupResourceName", "")
            if not name:
                continue
            group = account.book.group(name)
            if group is None:
                raise not_found() if self._switches.unknown_label == "NOT_FOUND" else invalid()
            if group.system and group.id not in ADDABLE and not (version and group.id in version.groups):
                raise invalid()
            found.append(group.id)
        return tuple(dict.fromkeys(found))

    def _carry_out(self, account: Account, planned: Planned) -> Version:
        return account.book.put(planned.fields, planned.groups, old=planned.old, by_api=True)


def _response(resource_name: str, person: Json) -> Json:
    return {"httpStatusCode": 200, "person": person, "requestedResourceName": resource_name, "status": {}}
