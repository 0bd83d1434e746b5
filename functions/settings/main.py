"""The user's settings: read, change, restore the defaults."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Annotated, Any

import msgspec
import phonenumbers
from msgspec import UNSET, Meta, UnsetType

from shared.account.change import TIMELY, Overtaken, SettingsChange, settings_of, version_of
from shared.account.users import User
from shared.contact.fields import FIELDS
from shared.sync.settings import DEFAULTS, ConflictRule, LeavesScope, Settings, SugarScope
from shared.web.function import Function
from shared.web.problem import WebError
from shared.web.route import Ask, Rate, Route

LabelId = Annotated[str, Meta(max_length=150, description="A label's resource name like `contactGroups/1a2b3c`.")]
FieldName = Annotated[str, Meta(min_length=1, max_length=64)]


class DirectionChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The switches of one direction; those left out stay as they are."""

    update: Annotated[bool, Meta(description="Changes go to the other side.")] | UnsetType = UNSET
    create: Annotated[bool, Meta(description="New contacts go to the other side.")] | UnsetType = UNSET
    delete: Annotated[bool, Meta(description="Deletions go to the other side.")] | UnsetType = UNSET


class SettingsPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays as it is."""

    sync_regularly: Annotated[bool, Meta(description="Sync by itself, at the interval.")] | UnsetType = UNSET
    interval_minutes: (
        Annotated[int, Meta(ge=1, le=1440, description="Short intervals load the Sugar server.")] | UnsetType
    ) = UNSET
    ask_first: Annotated[bool, Meta(description="A scheduled sync stops at a plan that waits.")] | UnsetType = UNSET
    from_sugar: DirectionChange | UnsetType = UNSET
    from_google: DirectionChange | UnsetType = UNSET
    conflict: ConflictRule | UnsetType = UNSET
    sugar_scope: SugarScope | UnsetType = UNSET
    google_scope: LabelId | UnsetType = UNSET
    label: LabelId | UnsetType = UNSET
    never_label: LabelId | UnsetType = UNSET
    opt_in_label: LabelId | UnsetType = UNSET
    leaves_scope: LeavesScope | UnsetType = UNSET
    region: Annotated[str, Meta(min_length=2, max_length=2, description="Two letters like `US`.")] | UnsetType = UNSET
    fields_off: Annotated[list[FieldName], Meta(max_length=100)] | UnsetType = UNSET
    history_without: (
        Annotated[list[FieldName], Meta(max_length=200, description="Their values are never kept in the history.")]
        | UnsetType
    ) = UNSET
    history_days: Annotated[int, Meta(ge=0, le=3650, description="0: history is kept for ever.")] | UnsetType = UNSET
    custom_fields: (
        Annotated[
            dict[FieldName, Annotated[str, Meta(min_length=1, max_length=100)]],
            Meta(max_length=50, description="Further Sugar fields by name, each with its label in Google."),
        ]
        | UnsetType
    ) = UNSET
    version: (
        Annotated[
            str,
            Meta(max_length=64, description="Of the settings that the change was made from; 409 if it is another now."),
        ]
        | UnsetType
    ) = UNSET


class RestoreQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which settings are restored."""

    version: Annotated[str, Meta(max_length=64, description="As in a change.")] | None = None


class Bounds(msgspec.Struct, frozen=True):
    """What can be chosen."""

    interval_minutes: Annotated[tuple[int, int], Meta(description="From and to.")]
    history_days: Annotated[tuple[int, int], Meta(description="From and to; 0 is for ever.")]
    conflict: list[ConflictRule]
    sugar_scope: list[SugarScope]
    leaves_scope: list[LeavesScope]
    region: list[str]
    fields: Annotated[list[str], Meta(description="What can be switched off, `last_name` apart.")]


class Shown(msgspec.Struct, frozen=True):
    """The settings, what they are for a new user, and what can be chosen."""

    settings: Settings
    defaults: Settings
    bounds: Bounds
    version: Annotated[str, Meta(description="Changes with every change of the settings.")]


def show(ask: Ask) -> Shown:
    return _shown(settings_of(ask.me))


def change(ask: Ask) -> Shown:
    patch: dict[str, Any] = msgspec.to_builtins(ask.take(SettingsPatch))
    version = patch.pop("version", None)
    return _carry_out(ask, lambda making: making.apply(ask.me.uid, patch, version=version), timely=patch)


def restore(ask: Ask) -> Shown:
    version = ask.asked(RestoreQuery).version
    return _carry_out(ask, lambda making: making.restore(ask.me.uid, version=version), timely=TIMELY)


def _carry_out(ask: Ask, carry_out: Callable[[SettingsChange], User], *, timely: Container[str]) -> Shown:
    services = ask.services

    # Both sides' connectors are imported only where they are asked.
    def labels() -> set[str]:
        from shared.account.labels import choices

        with services.people(ask.me.uid) as people:
            return {label.id for label in choices(people)}

    def sugar_fields() -> set[str] | None:
        from shared.account.sugar_fields import mappable

        schema = services.sugar(ask.me.uid).known_schema()
        return mappable(schema) if schema else None

    making = SettingsChange(
        services.users,
        services.clock,
        services.ids,
        labels=labels,
        sugar_fields=sugar_fields,
        sugar_scopes=services.sugar(ask.me.uid).scopes,
    )
    try:
        user = carry_out(making)
    except Overtaken as error:
        raise WebError(409, "changed-meanwhile", error.message) from None
    # Also where nothing was changed: a former attempt may have ended between the two.
    if user.paths is not None and any(name in timely for name in TIMELY):
        from shared.sync.visit import attend

        ask.noted["attended"] = attend(services.store, user.paths, services.clock, services.ids)
    return _shown(making.after)


def _shown(settings: Settings) -> Shown:
    bounds = Bounds(
        interval_minutes=(1, 1440),
        history_days=(0, 3650),
        conflict=list(ConflictRule),
        sugar_scope=list(SugarScope),
        leaves_scope=list(LeavesScope),
        region=sorted(phonenumbers.SUPPORTED_REGIONS),
        fields=list(FIELDS),
    )
    return Shown(settings, DEFAULTS, bounds, version_of(settings))


ROUTES = (
    Route("GET", show, "The settings, their defaults, and what can be chosen", answer=Shown),
    Route(
        "PATCH",
        change,
        "Change some settings; the next run takes them over",
        body=SettingsPatch,
        answer=Shown,
        problems=(409,),
        rate=Rate(60, 60),
    ),
    Route(
        "DELETE",
        restore,
        "Restore the defaults",
        query=RestoreQuery,
        answer=Shown,
        problems=(409,),
        rate=Rate(60, 60),
    ),
)
handler = Function("settings", ROUTES).entry
