"""Labels: ``contactGroups``. A label is never written through a contact, which would replace all its labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from shared.errors import ProtocolError, Rejected
from shared.people.client import PeopleClient
from shared.people.failures import Answered, CallFailed, write_failure

MOST_MEMBERS = 1000
"""Names that one ``members:modify`` may carry."""
_PAGE = 1000
_MAX_PAGES = 50
_KINDS = {"USER_CONTACT_GROUP": "user", "SYSTEM_CONTACT_GROUP": "system"}
_LIST = "contactGroups.list"
_CREATE = "contactGroups.create"
_MODIFY = "contactGroups.members.modify"


def list_labels(client: PeopleClient) -> list[tuple[str, str, str]]:
    """All labels as (resource name, name, kind ``user`` or ``system``).

    Raises:
        ProtocolError: an answer that is none.
        FatalError: no read can succeed.
        RetriableError: not now.
    """
    labels: list[tuple[str, str, str]] = []
    token = ""
    for _ in range(_MAX_PAGES):
        parameters = {"pageSize": _PAGE, "groupFields": "groupType,name", **({"pageToken": token} if token else {})}
        answer = client.listing(_LIST, partial(_listing, parameters))
        groups = answer.get("contactGroups", [])
        if not isinstance(groups, list):
            raise ProtocolError(_LIST, "contactGroups must be a list")
        labels += [_label(_LIST, group) for group in groups]
        following = answer.get("nextPageToken", "")
        if not following:
            return labels
        if not isinstance(following, str) or following == token:
            break
        token = following
    raise ProtocolError(_LIST, "the listing does not end")


def create_label(client: PeopleClient, name: str) -> str:
    """The resource name of the user's label of that name, which is made if there is none.

    Raises:
        Rejected: Google refused the name.
        AmbiguousError: it may have been made; asking again finds it.
        FatalError: it cannot be made.
        RetriableError: not now.
    """
    body = {"contactGroup": {"name": name}, "readGroupFields": "groupType,name"}
    try:
        answer = client.attempt(lambda service: service.contactGroups().create(body=body))
    except CallFailed as failure:
        if not (isinstance(failure, Answered) and failure.status == 409):
            raise write_failure(_CREATE, failure) from None
        found = [label for label, given, kind in list_labels(client) if kind == "user" and _same(given, name)]
        if not found:
            raise Rejected("Google says that the label exists, but does not list it", field="label") from None
        return found[0]
    return _label(_CREATE, answer)[0]


def add_members(client: PeopleClient, label: str, names: Sequence[str]) -> None:
    """Puts the label on these contacts; those that are gone are passed over.

    Raises:
        SyncError: some of them may lack it. Doing it again does no harm.
    """
    for start in range(0, len(names), MOST_MEMBERS):
        body = {"resourceNamesToAdd": list(names[start : start + MOST_MEMBERS])}
        client.write(_MODIFY, partial(_modifying, label, body))


def _listing(parameters: dict[str, Any], service: Any) -> Any:
    return service.contactGroups().list(**parameters)


def _modifying(label: str, body: dict[str, Any], service: Any) -> Any:
    return service.contactGroups().members().modify(resourceName=label, body=body)


def _label(call: str, group: Any) -> tuple[str, str, str]:
    name = group.get("resourceName") if isinstance(group, dict) else None
    if not isinstance(name, str) or not name.startswith("contactGroups/"):
        raise ProtocolError(call, "a label must have a resourceName like contactGroups/1a2b3c")
    shown = group.get("formattedName") or group.get("name") or ""
    return name, str(shown), _KINDS.get(str(group.get("groupType")), "system")


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
