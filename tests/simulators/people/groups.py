"""Contact groups: labels of the user and the groups of the system, and who is in them."""

from __future__ import annotations

from collections import Counter

from tests.simulators.people import schema
from tests.simulators.people.account import Account
from tests.simulators.people.errors import ApiError, Json, invalid, not_found
from tests.simulators.people.listing import open_token, seal_token
from tests.simulators.people.person import digest, stamp
from tests.simulators.people.schema import Method
from tests.simulators.people.state import ADDABLE, Group

MEMBERS = 1000
"""Added and removed together (D)."""
BATCH_GET = 200
READ_DEFAULT = frozenset({"metadata", "groupType", "memberCount", "name"})
WRITE_DEFAULT = frozenset({"metadata", "groupType", "name"})
"""Fields shown where no mask is given (D)."""


def _name_taken() -> ApiError:
    return ApiError(409, "Contact group name already exists.", "ALREADY_EXISTS")


class Groups:
    """Everything under ``contactGroups``."""

    def list(self, account: Account, method: Method, query: Json) -> Json:
        """System groups first, members are not populated (D)."""
        mask = self._mask(method, query)
        size = query.get("pageSize", 0) or 30
        if not 1 <= size <= 1000:
            raise invalid()
        book = account.book
        since = None
        if token := query.get("syncToken"):
            since = self._number(token, "since", account)
        offset = self._number(query["pageToken"], "offset", account) if query.get("pageToken") else 0
        groups = [g for g in book.groups.values() if (g.number > since if since is not None else not g.deleted)]
        counts = book.member_counts()
        answer: Json = {}
        if page := groups[offset : offset + size]:
            answer["contactGroups"] = [_shown(g, mask, counts) for g in page]
        if offset + size < len(groups):
            answer["nextPageToken"] = seal_token({"offset": offset + size, "u": account.subject})
        else:
            answer["nextSyncToken"] = seal_token({"since": book.group_number, "u": account.subject})
        if groups:
            answer["totalItems"] = len(groups)
        return answer

    def get(self, account: Account, method: Method, resource_name: str, query: Json) -> Json:
        """One group, with up to ``maxMembers`` of its members."""
        return self._with_members(account, self._group(account, resource_name), self._mask(method, query), query)

    def batch_get(self, account: Account, method: Method, query: Json) -> Json:
        """At most 200 groups (D)."""
        names: list[str] = query.get("resourceNames", [])
        if not names or len(names) > BATCH_GET:
            raise invalid()
        mask = self._mask(method, query)
        responses: list[Json] = []
        for name in names:
            group = account.book.group(name)
            entry: Json = {"requestedResourceName": name, "status": {}}
            if group is None:
                entry["status"] = not_found().as_status()
            else:
                entry["contactGroup"] = self._with_members(account, group, mask, query)
            responses.append(entry)
        return {"responses": responses}

    def create(self, account: Account, body: Json) -> Json:
        """The name has to be new: 409 if not (D)."""
        sent = body.get("contactGroup", {})
        mask = self._write_mask(body, "CreateContactGroupRequest")
        name = sent.get("name", "").strip()
        if not name:
            raise invalid()
        if account.book.group_named(name):
            raise _name_taken()
        group = account.book.new_group(name)
        group.client_data = sent.get("clientData", [])
        return _shown(group, mask, Counter())

    def update(self, account: Account, resource_name: str, body: Json) -> Json:
        """A user's group gets another name."""
        sent = body.get("contactGroup", {})
        mask = self._write_mask(body, "UpdateContactGroupRequest")
        group = self._group(account, resource_name)
        if group.system:
            raise invalid()
        description = schema.field_description("UpdateContactGroupRequest", "updateGroupFields")
        masked = schema.mask_of(body.get("updateGroupFields", ""), description, "updateGroupFields")
        masked = masked or frozenset({"name"})
        if "name" in masked:
            name = sent.get("name", "").strip()
            if not name:
                raise invalid()
            if account.book.group_named(name) not in (None, group):
                raise _name_taken()
            group.name = name
        if "clientData" in masked:
            group.client_data = sent.get("clientData", [])
        account.book.touch_group(group)
        return _shown(group, mask, account.book.member_counts())

    def delete(self, account: Account, resource_name: str, query: Json) -> Json:
        """Only groups of the user; their contacts stay unless ``deleteContacts`` is set."""
        group = self._group(account, resource_name)
        if group.system:
            raise invalid()
        account.book.delete_group(group, with_contacts=bool(query.get("deleteContacts")), by_api=True)
        return {}

    def modify(self, account: Account, resource_name: str, body: Json) -> Json:
        """Adds and removes members. Moves the etag of each contact it touches (R)."""
        add: list[str] = body.get("resourceNamesToAdd", [])
        remove: list[str] = body.get("resourceNamesToRemove", [])
        if not 1 <= len(add) + len(remove) <= MEMBERS:
            raise invalid()
        group = self._group(account, resource_name)
        if add and group.system and group.id not in ADDABLE:
            raise invalid()
        book = account.book
        missing: list[str] = []
        stuck: list[str] = []
        for name in add:
            version = book.find(name)
            if version is None:
                missing.append(name)
            elif group.id not in version.groups:
                book.put(version.fields, (*version.groups, group.id), old=version)
        for name in remove:
            version = book.find(name)
            if version is None:
                missing.append(name)
            elif version.groups == (group.id,):
                stuck.append(name)
            elif group.id in version.groups:
                book.put(version.fields, tuple(g for g in version.groups if g != group.id), old=version)
        answer: Json = {}
        if missing:
            answer["notFoundResourceNames"] = list(dict.fromkeys(missing))
        if stuck:
            answer["canNotRemoveLastContactGroupResourceNames"] = list(dict.fromkeys(stuck))
        return answer

    # -- inside --------------------------------------------------------------------------------------

    def _with_members(self, account: Account, group: Group, mask: frozenset[str], query: Json) -> Json:
        shown = _shown(group, mask, account.book.member_counts())
        if most := query.get("maxMembers", 0):
            members = [v.resource_name for v in account.book.live.values() if group.id in v.groups]
            if members:
                shown["memberResourceNames"] = members[:most]
        return shown

    @staticmethod
    def _group(account: Account, resource_name: str) -> Group:
        group = account.book.group(resource_name)
        if group is None:
            raise not_found()
        return group

    @staticmethod
    def _mask(method: Method, query: Json) -> frozenset[str]:
        description = method.parameters["groupFields"]["description"]
        return schema.mask_of(query.get("groupFields", ""), description, "groupFields") or READ_DEFAULT

    @staticmethod
    def _write_mask(body: Json, request: str) -> frozenset[str]:
        description = schema.field_description(request, "readGroupFields")
        return schema.mask_of(body.get("readGroupFields", ""), description, "readGroupFields") or WRITE_DEFAULT

    @staticmethod
    def _number(token: str, key: str, account: Account) -> int:
        parsed = open_token(token)
        number = parsed.get(key)
        if parsed.get("u") != account.subject or not isinstance(number, int):
            raise invalid()
        return number


def _shown(group: Group, mask: frozenset[str], counts: Counter[str]) -> Json:
    kind = "SYSTEM_CONTACT_GROUP" if group.system else "USER_CONTACT_GROUP"
    shown: Json = {"resourceName": group.resource_name, "etag": digest(f"{group.id}:{group.number}")}
    if "metadata" in mask and not group.system:
        shown["metadata"] = {"updateTime": stamp(group.updated_at)}
        if group.deleted:
            shown["metadata"]["deleted"] = True
    if group.deleted:
        return shown
    if "groupType" in mask:
        shown["groupType"] = kind
    if "name" in mask:
        shown["name"] = group.id if group.system else group.name
        shown["formattedName"] = group.name
    if "memberCount" in mask and counts[group.id]:
        shown["memberCount"] = counts[group.id]
    if "clientData" in mask and group.client_data:
        shown["clientData"] = [dict(item) for item in group.client_data]
    return shown
