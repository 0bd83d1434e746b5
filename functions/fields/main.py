"""The fields of both sides, as the settings need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from shared.contact.fields import FIELDS
from shared.web.function import Function
from shared.web.route import Ask, Rate, Route

if TYPE_CHECKING:
    from shared.side import Capability


class FieldsQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How fresh they have to be."""

    refresh: Annotated[bool, Meta(description="Ask Sugar now; else what was asked within a day is good enough.")] = (
        False
    )


class There(msgspec.Struct, frozen=True):
    """What one side can do with a field, for this user."""

    native: Annotated[str, Meta(description="What it is called there.")]
    writable: bool
    required: bool
    max_length: Annotated[int | None, Meta(description="Characters; `null`: as many as you like, or not known.")]


class FieldItem(msgspec.Struct, frozen=True):
    """One field of a contact."""

    name: Annotated[str, Meta(description="As in `fields_off`.")]
    label: str
    on: Annotated[bool, Meta(description="Whether it is synced, where both sides have it.")]
    sugar: Annotated[There | None, Meta(description="`null`: this Sugar has none, or this user may not read it.")]
    google: There | None


class FurtherItem(msgspec.Struct, frozen=True):
    """A further field of Sugar, which can be mapped to a custom field in Google."""

    name: Annotated[str, Meta(description="As in `custom_fields`.")]
    label: Annotated[str, Meta(description="A proposal for its label in Google.")]
    type: str
    writable: Annotated[bool, Meta(description="`false`: it is shown in Google, and changes there stay there.")]
    max_length: int | None
    mapped_to: Annotated[str | None, Meta(description="Its label in Google, if it is mapped.")]


class Fields(msgspec.Struct, frozen=True):
    """All fields."""

    asked_at: Annotated[str, Meta(description="When Sugar was asked for them.")]
    fields: list[FieldItem]
    further: list[FurtherItem]
    missing: Annotated[list[str], Meta(description="Mapped further fields that this Sugar does not have.")]


def show(ask: Ask) -> Fields:
    from shared.account import sugar_fields
    from shared.account.change import settings_of

    schema, asked_at = ask.services.sugar(ask.me.uid).schema(ask.me, refresh=ask.asked(FieldsQuery).refresh)
    settings = settings_of(ask.me)
    fields = [
        FieldItem(name, FIELDS[name].label, name not in settings.fields_off, _there(sugar), _there(google))
        for name, (sugar, google) in sugar_fields.canonical(schema).items()
    ]
    further = [
        FurtherItem(
            field.name,
            field.label,
            field.type,
            field.capability.writable,
            field.capability.max_length,
            settings.custom_fields.get(field.name),
        )
        for field in sugar_fields.further(schema)
    ]
    return Fields(asked_at.isoformat(), fields, further, sugar_fields.missing(schema, settings))


def _there(capability: Capability | None) -> There | None:
    if capability is None:
        return None
    return There(capability.native, capability.writable, capability.required, capability.max_length)


ROUTES = (
    Route(
        "GET",
        show,
        "The fields that can be synced, and what each side can do with them",
        query=FieldsQuery,
        answer=Fields,
        problems=(409, 502, 503),
        rate=Rate(30, 60),
    ),
)
handler = Function("fields", ROUTES).entry
