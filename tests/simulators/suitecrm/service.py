"""The methods of ``service/v4_1``, with the server's own names of arguments: PHP 8 takes them by name."""

from __future__ import annotations

from typing import Any

from tests.simulators.sugar.state import User
from tests.simulators.suitecrm.about import Server, module_fields, modules
from tests.simulators.suitecrm.errors import ServiceError
from tests.simulators.suitecrm.fields import HIDDEN_MODULES, MODULES
from tests.simulators.suitecrm.form import Form
from tests.simulators.suitecrm.links import Links
from tests.simulators.suitecrm.listing import Listing
from tests.simulators.suitecrm.others import Others
from tests.simulators.suitecrm.reading import Reading
from tests.simulators.suitecrm.render import Json
from tests.simulators.suitecrm.sessions import Sessions
from tests.simulators.suitecrm.state import SuiteState
from tests.simulators.suitecrm.switches import Switches
from tests.simulators.suitecrm.writing import Pace, Writing

EMPTY = {"result_count": 0, "total_count": "0", "next_offset": 0, "entry_list": [], "relationship_list": []}
"""A list of a module in which this server holds nothing."""


class Service:
    """One call's methods. What none of them names is no method; ``form`` is the whole request."""

    def __init__(self, sessions: Sessions, server: Server, form: Form, pace: Pace) -> None:
        self._sessions = sessions
        self._server = server
        self._form = form
        self._pace = pace
        self.login = sessions.login
        self.logout = sessions.logout
        self.seamless_login = sessions.seamless_login

    def get_server_info(self) -> Json:
        return self._server.info(self._state.now())

    def get_user_id(self, session: Any = "") -> str:
        return self._sessions.user(session).id

    def get_available_modules(self, session: Any = "", filter: Any = "all") -> Json:
        return modules(self._user(session))

    def get_module_fields(self, session: Any = "", module_name: Any = "", fields: Any = ()) -> Json:
        self._user(session, module_name)
        if module_name != "Contacts":
            return {
                "module_name": module_name,
                "table_name": str(module_name).lower(),
                "module_fields": {},
                "link_fields": {},
            }
        return module_fields(self._state, self._switches, fields)

    # -- reading ---------------------------------------------------------------------------------------

    def get_entry(
        self,
        session: Any = "",
        module_name: Any = "",
        id: Any = "",
        select_fields: Any = (),
        link_name_to_fields_array: Any = (),
        track_view: Any = False,
    ) -> Json:
        reading = Reading(self._state, self._user(session, module_name))
        records, related = reading.records(module_name, [id], select_fields, link_name_to_fields_array)
        return {"entry_list": records, "relationship_list": related}

    def get_entries(
        self,
        session: Any = "",
        module_name: Any = "",
        ids: Any = (),
        select_fields: Any = (),
        link_name_to_fields_array: Any = (),
        track_view: Any = False,
    ) -> Json:
        reading = Reading(self._state, self._user(session, module_name))
        records, related = reading.records(module_name, ids, select_fields, link_name_to_fields_array)
        lists = [
            {"link_list": [{**link, "records": [{"link_value": each} for each in link["records"]]} for link in linked]}
            for linked in related
        ]
        return {"entry_list": records, "relationship_list": lists}

    def get_entry_list(
        self,
        session: Any = "",
        module_name: Any = "",
        query: Any = "",
        order_by: Any = "",
        offset: Any = 0,
        select_fields: Any = (),
        link_name_to_fields_array: Any = (),
        max_results: Any = 0,
        deleted: Any = 0,
        favorites: Any = False,
    ) -> Json:
        user = self._user(session, module_name)
        if module_name != "Contacts":
            return dict(EMPTY)
        return Listing(self._state, self._switches, user).page(
            query=query,
            order_by=order_by,
            offset=offset,
            select_fields=select_fields,
            links=link_name_to_fields_array,
            max_results=max_results,
            deleted=deleted,
            favorites=favorites,
        )

    def get_entries_count(self, session: Any = "", module_name: Any = "", query: Any = "", deleted: Any = 0) -> Json:
        user = self._user(session, module_name)
        if module_name != "Contacts":
            return {"result_count": "0"}
        return Listing(self._state, self._switches, user).count(query=query, deleted=deleted)

    # -- writing ---------------------------------------------------------------------------------------

    def set_entry(
        self, session: Any = "", module_name: Any = "", name_value_list: Any = (), track_view: Any = False
    ) -> Json:
        user = self._user(session, module_name)
        if module_name != "Contacts":
            return Others(self._state, user).entry(module_name, name_value_list)
        return self._writing(user).entry(name_value_list)

    def set_entries(self, session: Any = "", module_name: Any = "", name_value_lists: Any = ()) -> Json:
        user = self._user(session, module_name)
        if module_name != "Contacts":
            others = Others(self._state, user)
            return {"ids": [others.entry(module_name, each)["id"] for each in name_value_lists]}
        return self._writing(user).entries(name_value_lists)

    # -- relationships ---------------------------------------------------------------------------------

    def set_relationship(
        self,
        session: Any = "",
        module_name: Any = "",
        module_id: Any = "",
        link_field_name: Any = "",
        related_ids: Any = (),
        name_value_list: Any = (),
        delete: Any = 0,
    ) -> Json:
        user = self._user(session)
        return Links(self._state, user).relate(module_name, module_id, link_field_name, related_ids, delete)

    def set_relationships(
        self,
        session: Any = "",
        module_names: Any = (),
        module_ids: Any = (),
        link_field_names: Any = (),
        related_ids: Any = (),
        name_value_lists: Any = (),
        delete_array: Any = (),
    ) -> Json:
        links = Links(self._state, self._user(session))
        total = {"created": 0, "failed": 0, "deleted": 0}
        for at, module in enumerate(module_names):
            delete = delete_array[at] if isinstance(delete_array, list) and at < len(delete_array) else 0
            done = links.relate(module, module_ids[at], link_field_names[at], related_ids[at], delete)
            total = {name: count + done[name] for name, count in total.items()}
        return total

    def get_relationships(
        self,
        session: Any = "",
        module_name: Any = "",
        module_id: Any = "",
        link_field_name: Any = "",
        related_module_query: Any = "",
        related_fields: Any = (),
        related_module_link_name_to_fields_array: Any = (),
        deleted: Any = 0,
        order_by: Any = "",
        offset: Any = 0,
        limit: Any = False,
    ) -> Json:
        user = self._user(session, module_name)
        return Links(self._state, user).related(module_name, module_id, link_field_name, related_fields)

    def get_modified_relationships(
        self,
        session: Any = "",
        module_name: Any = "",
        related_module: Any = "",
        from_date: Any = "",
        to_date: Any = "",
        offset: Any = 0,
        max_results: Any = 0,
        deleted: Any = 0,
        module_user_id: Any = "",
        select_fields: Any = (),
        relationship_name: Any = "",
        deletion_date: Any = "",
    ) -> Json:
        user = self._user(session, module_name)
        names = [str(name) for name in select_fields or ()]
        most = int(max_results or 0)
        return Links(self._state, user).modified(module_name, related_module, user.id, int(offset or 0), most, names)

    # -- parts -----------------------------------------------------------------------------------------

    @property
    def _state(self) -> SuiteState:
        return self._sessions.state

    @property
    def _switches(self) -> Switches:
        return self._sessions.switches

    def _user(self, session: Any, module: Any = None) -> User:
        user = self._sessions.user(session)
        if module is not None and module not in MODULES and module not in HIDDEN_MODULES:
            raise ServiceError("no_module")
        return user

    def _writing(self, user: User) -> Writing:
        return Writing(self._state, self._switches, user, self._form, self._pace)
