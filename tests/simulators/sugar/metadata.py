"""What the instance says about itself: the signed-in user, the server, the module's fields."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from tests.simulators.sugar.state import State, User


@dataclass
class Server:
    """The instance's release; ``minor`` is the newest v11 minor version that it speaks."""

    version: str = "25.2.0"
    flavor: str = "ENT"
    build: str = "334"
    minor: int = 26


class Metadata:
    """``GET /me`` and ``GET /metadata``, as one user sees them."""

    def __init__(self, state: State, server: Server, user: User) -> None:
        self.state = state
        self.server = server
        self.user = user

    def me(self) -> dict[str, Any]:
        user = self.user
        sign, minutes = ("-" if user.utc_offset_minutes < 0 else "+"), abs(user.utc_offset_minutes)
        return {
            "current_user": {
                "id": user.id,
                "type": "admin" if user.is_admin else "user",
                "user_name": user.user_name,
                "full_name": user.user_name,
                "preferences": {
                    "tz_offset": f"{sign}{minutes // 60:02d}{minutes % 60:02d}",
                    "tz_offset_sec": user.utc_offset_minutes * 60,
                    "language": "en_us",
                },
                "acl": {"Contacts": self._acl()},
            }
        }

    def hash(self) -> str:
        """Changes with the fields."""
        text = json.dumps([self.server.version, self._fields()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def get(self, query: dict[str, str]) -> dict[str, Any]:
        """``type_filter`` chooses the parts, ``module_filter`` the modules."""
        types = [each for each in query.get("type_filter", "").split(",") if each]
        modules = [each for each in query.get("module_filter", "").split(",") if each]
        answer: dict[str, Any] = {}
        if not types or "server_info" in types:
            server = self.server
            answer["server_info"] = {"version": server.version, "flavor": server.flavor, "build": server.build}
        if not types or "modules" in types:
            wanted = not modules or "Contacts" in modules
            answer["modules"] = {"Contacts": {"fields": self._fields()}} if wanted else {}
        if not types or "acl" in types:
            answer["acl"] = {"Contacts": self._acl()}
        return {**answer, "_hash": self.hash()}

    def _acl(self) -> dict[str, Any]:
        user = self.user
        acl: dict[str, Any] = {
            "fields": {
                name: {each: "no" for each in sorted(whats | ({"create"} if "write" in whats else set()))}
                for name, whats in user.denied.items()
            }
        }
        for name, allowed in (("create", user.may_create), ("edit", user.may_edit), ("delete", user.may_delete)):
            if not allowed:
                acl[name] = "no"
        return acl

    def _fields(self) -> dict[str, Any]:
        described: dict[str, Any] = {}
        for each in self.state.fields.values():
            entry: dict[str, Any] = {"name": each.name, "type": each.type, "vname": f"LBL_{each.name.upper()}"}
            if each.len is not None:
                entry["len"] = str(each.len) if self.state.switches.len_as_text else each.len
            if each.required:
                entry["required"] = True
            if each.readonly:
                entry["readonly"] = True
            if each.source:
                entry["source"] = each.source
            if each.options:
                entry["options"] = each.options
            if each.name == "account_name":
                entry |= {"id_name": "account_id", "module": "Accounts", "link": "accounts", "rname": "name"}
            described[each.name] = entry
        return described
