"""The form fields of the page's email widget, which count beside ``rest_data``, too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Form = Mapping[str, list[str]]
"""The request's parameters; a name that ends in ``[]`` may come more than once."""


def widget_emails(form: Form, module: str = "Contacts") -> list[dict[str, Any]] | None:
    """The list that the widget sends, in the order of its numbers; ``None``: the form has no widget.

    ``Contacts_email_widget_id`` names the widget, ``Contacts0emailAddress0`` … are its addresses, and
    ``Contacts0emailAddressPrimaryFlag``, ``…OptOutFlag[]``, ``…InvalidFlag[]``, ``…DeleteFlag[]`` hold names of those.
    """
    widget = _last(form, f"{module}_email_widget_id")
    if widget is None:
        return None
    prefix = f"{module}{widget}emailAddress"
    primary = _last(form, f"{prefix}PrimaryFlag")
    flags = {name: _named(form, f"{prefix}{flag}Flag") for name, flag in _FLAGS.items()}
    numbered = re.compile(re.escape(prefix) + r"(\d+)", re.IGNORECASE)
    found = [(int(match[1]), name) for name in form if (match := numbered.fullmatch(name))]
    result = []
    for _, name in sorted(found):
        address = (_last(form, name) or "").strip()
        if address and name not in flags["deleted"]:
            entry = {flag: name in names for flag, names in flags.items() if flag != "deleted"}
            result.append({"email_address": address, "primary_address": name == primary, **entry})
    return result


_FLAGS = {"opt_out": "OptOut", "invalid_email": "Invalid", "reply_to_address": "ReplyTo", "deleted": "Delete"}


def _last(form: Form, name: str) -> str | None:
    values = form.get(name)
    return values[-1] if values else None


def _named(form: Form, name: str) -> set[str]:
    return {value for key in (name, f"{name}[]") for value in form.get(key, ())}
