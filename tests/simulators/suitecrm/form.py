"""The form fields of the page's email widget, which count beside ``rest_data``, too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.simulators.suitecrm.errors import Fatal

Form = Mapping[str, list[str]]
"""The request's parameters in their order; a name that ends in ``[]`` may come more than once."""

_FLAGS = {"opt_out": "OptOutFlag", "invalid_email": "InvalidFlag", "deleted": "DeleteFlag"}


def widget_emails(form: Form, module: str = "Contacts") -> list[dict[str, Any]] | None:
    """The list that the widget sends, in the order of the form; ``None``: the form has no widget.

    ``Contacts_email_widget_id`` names the widget, ``Contacts0emailAddress0`` … are its addresses, numbered from 0: if
    that one is missing, the list is empty. ``Contacts0emailAddressPrimaryFlag`` holds the name of one of them,
    ``…OptOutFlag[]``, ``…InvalidFlag[]``, ``…DeleteFlag[]`` hold several.

    Raises:
        Fatal: a flag that should hold several comes without ``[]``.
    """
    widget = _last(form, f"{module}_email_widget_id")
    if widget is None:
        return None
    # The server forgets the widget's name if the very first parameter is one of the widget's.
    widget = "" if "emailAddress" in next(iter(form)) else widget
    prefix = f"{module}{widget}emailAddress"
    if not _first_number(form, prefix):
        return []
    flags = {name: _several(form, f"{prefix}{flag}") for name, flag in _FLAGS.items()}
    single = {
        "primary_address": _last(form, f"{prefix}PrimaryFlag"),
        "reply_to_address": _last(form, f"{prefix}ReplyToFlag"),
    }
    numbered = re.compile(re.escape(prefix) + r"\d+$", re.IGNORECASE)
    entries: dict[str, dict[str, Any]] = {}
    for name in form:
        address = (_last(form, name) or "").strip()
        if not numbered.search(name) or not address or name in flags["deleted"]:
            continue
        entry: dict[str, Any] = {"email_address": address}
        entry |= {flag: name in names for flag, names in flags.items() if flag != "deleted"}
        entry |= {flag: name == chosen for flag, chosen in single.items()}
        entries.pop(address, None)  # of an address that comes twice, the last counts
        entries[address] = entry
    return list(entries.values())


def _first_number(form: Form, prefix: str) -> bool:
    """Whether the server's count from 0 upwards comes upon an address before it comes upon a gap."""
    number = 0
    while (address := _last(form, f"{prefix}{number}")) is not None:
        if address:
            return True
        number += 1
    return False


def _last(form: Form, name: str) -> str | None:
    values = form.get(name)
    return values[-1] if values else None


def _several(form: Form, name: str) -> set[str]:
    if name in form:
        raise Fatal(f"in_array() expects an array: {name}")
    return set(form.get(f"{name}[]", ()))
