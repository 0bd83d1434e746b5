"""Telling from a request what it asks for."""

from __future__ import annotations

import pytest
import requests

from tests.simulators.suitecrm.asked import Sent, asks, is_write, writes
from tests.simulators.suitecrm.caller import bulk, serving, values, widget


def test_writes_are_read_off_the_wire() -> None:
    with serving() as jane:
        chosen = {"id": "chosen", "new_with_id": True, "last_name": "Lee"}
        jane.set(**chosen)
        jane.set(widget("a@example.com", "b@example.com"), id="chosen")
        bulk(jane, values(last_name="New"), values(id="chosen", deleted=1))
        jane.call("set_entries", [jane.session, "Contacts", [values(id="chosen", title="t")]])
        jane.ids()
        calls = [call.request for call in jane.wire.log]
        assert [is_write(each) for each in calls] == [False, True, True, True, True, False]
        assert [sent for each in calls for sent in writes(each)] == [
            Sent("create", "chosen", chosen, None),
            Sent("update", "chosen", {"id": "chosen"}, ("a@example.com", "b@example.com")),
            Sent("create", "", {"last_name": "New"}, None),
            Sent("delete", "chosen", {"id": "chosen", "deleted": 1}, None),
            Sent("update", "chosen", {"id": "chosen", "title": "t"}, None),
        ]


def test_faults_meet_the_methods_that_are_named() -> None:
    with serving() as jane:
        jane.wire.fault("late", matches=asks("set_entry", "set_entries"))
        jane.ids()
        with pytest.raises(requests.ConnectionError):
            jane.set(last_name="Late")
        assert jane.ids() == []
        assert jane.wire.land() == 1
        assert len(jane.ids()) == 1
