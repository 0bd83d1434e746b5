"""What the planner is given, made by hand: settings, native records, links; and both sides in memory.

The field maps are the real ones: they are pure, and what is tested is what ships.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.contact.fields import CUSTOM_PREFIX, EMAILS, FIELDS
from shared.contact.model import Contact, Email
from shared.contact.normal import normal
from shared.names import Op, SideName
from shared.people.fieldmap import PeopleFieldMap
from shared.people.fields import KEY_NAME
from shared.side import Done, FieldMap, Memo, Native, Outcome, Record
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.metadata import NativeField, Schema
from shared.sugar.records import Scope
from shared.sugar.table import NATIVE
from shared.sync.link import Link
from shared.sync.plan.merge import look
from shared.sync.plan.model import Decision, Env, Half, Presence, Step, Subject
from shared.sync.settings import DEFAULTS, Direction, Settings, synced_fields
from tests.simulators.sugar.fields import OPTIONAL, STOCK

SUGAR, GOOGLE = SideName.SUGAR, SideName.GOOGLE

SCHEMA = Schema(
    {
        each.name: NativeField(each.type, each.len, each.required, each.readonly, each.stored)
        for each in (*STOCK, *OPTIONAL.values())
    }
)

ALL_ON = Direction(update=True, create=True, delete=True)
ALL_OFF = Direction(update=False, create=False, delete=False)
BOTH_WAYS: dict[str, Any] = {"from_sugar": ALL_ON, "from_google": ALL_ON}


def settings(**changes: Any) -> Settings:
    """The defaults with everything allowed in both directions, and these changes."""
    values = {name: getattr(DEFAULTS, name) for name in DEFAULTS.__struct_fields__}
    return Settings(**{**values, **BOTH_WAYS, **changes})


def sugar_map(config: Settings, lacks: Sequence[str] = (), **fields: NativeField) -> SugarFieldMap:
    """Sugar's map on an instance that lacks some native fields, or has others."""
    known = {name: each for name, each in {**SCHEMA.fields, **fields}.items() if name not in lacks}
    return SugarFieldMap(Schema(known), synced_fields(config), Scope("assigned", "me"))


def google_map(config: Settings) -> PeopleFieldMap:
    return PeopleFieldMap(synced_fields(config), custom=config.custom_fields, region=config.region)


def env(
    *,
    listed: bool | Mapping[SideName, bool] = True,
    lacks: Sequence[str] = (),
    fields: Mapping[SideName, FieldMap] | None = None,
    native: Mapping[str, NativeField] | None = None,
    **changes: Any,
) -> Env:
    """Everything else that a plan depends on; ``changes`` are settings."""
    config = settings(**changes)
    maps: dict[SideName, FieldMap] = {
        SUGAR: sugar_map(config, lacks, **(native or {})),
        GOOGLE: google_map(config),
        **(fields or {}),
    }
    known = {side: listed for side in SideName} if isinstance(listed, bool) else listed
    return Env(config, maps, synced_fields(config), known)


# -- records -----------------------------------------------------------------------------------------


def entry(address: str, *, primary: bool = False, opt_out: bool = False) -> dict[str, Any]:
    """One address as Sugar lists it."""
    return {
        "email_address": address,
        "primary_address": primary,
        "invalid_email": False,
        "opt_out": opt_out,
        "reply_to_address": False,
    }


def sugar(
    record: str = "s1",
    *emails: str | dict[str, Any],
    version: str = "s-new",
    in_scope: bool = True,
    native: Mapping[str, Any] | None = None,
    **values: str,
) -> Record:
    """A record of Sugar; ``values`` by canonical name, ``native`` for what has none."""
    found: Native = {name: "" for canonical, name in NATIVE.items() if canonical != EMAILS}
    found |= {NATIVE.get(name, name.removeprefix(CUSTOM_PREFIX)): text for name, text in values.items()}
    found["email"] = [each if isinstance(each, dict) else entry(each, primary=n == 0) for n, each in enumerate(emails)]
    found |= {"id": record, "date_modified": "2026-03-02T04:00:00+00:00", "_acl": {"fields": []}, **(native or {})}
    return Record(record, version, found, in_scope)


def google(
    record: str = "people/g1",
    *emails: str,
    version: str = "g-new",
    in_scope: bool = True,
    native: Mapping[str, Any] | None = None,
    **values: str,
) -> Record:
    """A Google contact; ``values`` by canonical name, ``native`` for People fields as they are."""
    custom = [name.removeprefix(CUSTOM_PREFIX) for name in values if name.startswith(CUSTOM_PREFIX)]
    config = settings(custom_fields={name: name.title() for name in custom})
    body = google_map(config).create(Contact(values, tuple(map(Email, emails))), "")
    del body["clientData"]
    return Record(record, version, {"resourceName": record, "etag": version, **body, **(native or {})}, in_scope)


def there(record: Record, seen: str = "") -> Half:
    return Half(Presence.PRESENT, record.id, record, seen)


def gone(record: str, seen: str = "") -> Half:
    return Half(Presence.GONE, record, None, seen)


def missing(record: str) -> Half:
    return Half(Presence.MISSING, record)


def half(given: Record | Half | None) -> Half:
    """A half of whatever is given."""
    if isinstance(given, Half):
        return given
    return there(given) if given is not None else Half()


def link(
    base: Mapping[str, str] | None = None,
    emails: Sequence[str] | None = None,
    *,
    id: str = "l1",
    sugar_id: str = "s1",
    google_id: str = "people/g1",
    blank: bool = True,
    **more: Any,
) -> Link:
    """A link; with a base all other fields were agreed on as blank, unless ``blank`` is off."""
    known = {name: "" for name in FIELDS if name != EMAILS} if blank and base is not None else {}
    agreed = list(emails) if emails is not None else [] if base is not None else None
    return Link(
        id=id,
        sugar_id=sugar_id,
        google_id=google_id,
        base={**known, **(base or {})},
        base_emails=agreed,
        **more,
    )


def subject(one: Record | Half | None, two: Record | Half | None, known: Link | None = None, **more: Any) -> Subject:
    """A subject of Sugar's and Google's half."""
    halves = half(one), half(two)
    key = known.id if known else more.pop("key", f"k-{halves[0].id or halves[1].id}")
    return Subject(key=key, sugar=halves[0], google=halves[1], link=known, **more)


class Like:
    """A field map that does some things otherwise than the real one."""

    def __init__(self, real: FieldMap, **instead: Any) -> None:
        self._real = real
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def like(side: SideName, **instead: Any) -> dict[SideName, Any]:
    """For :func:`env`: the real map of that side with some methods replaced."""
    return {side: Like(env().fields[side], **instead)}


# -- both sides in memory ----------------------------------------------------------------------------


def written(step: Step) -> Record | None:
    """What the side holds after the step: Sugar merges fields into the record, Google replaces lists."""
    if step.op is Op.DELETE:
        return None
    if step.op is Op.CREATE:
        made = sugar("s-made") if step.side is SUGAR else google("people/made")
        native = {**made.native, **step.payload}
        return Record(made.id, "v-made", native, in_scope=True, planted=_planted(native))
    native = {**(step.before or {}), **step.payload}
    return Record(step.id, f"{step.version}+", native, in_scope=True, planted=_planted(native))


def _planted(native: Native) -> tuple[str, ...]:
    return tuple(each["value"] for each in native.get("clientData", ()) if each["key"] == KEY_NAME)


def answers(decision: Decision) -> list[tuple[Step, Outcome]]:
    """Every step happens."""
    return [(step, Done(written(step))) for step in decision.steps]


def after(decision: Decision) -> dict[SideName, Record | None]:
    """Both records once every step has happened."""
    found = {side: decision.subject.half(side).there for side in SideName}
    found.update({step.side: written(step) for step in decision.steps})
    return found


def shown(where: Env, record: Record, memo: Memo | None = None) -> Contact:
    """The record as its side's map reads it."""
    side = GOOGLE if record.id.startswith("people/") else SUGAR
    return where.fields[side].view(record.native, memo or {}, None).contact


def differing(where: Env, known: Link, one: Record, two: Record) -> list[str]:
    """Fields that both sides show, and show differently."""
    pair = look(where, known, one, two)
    region = where.settings.region
    return [
        name
        for name in where.names
        if name in pair.sugar.values
        and name in pair.google.values
        and normal(where.kind(name), pair.sugar.get(name), region)
        != normal(where.kind(name), pair.google.get(name), region)
    ]


def steps(decision: Decision) -> dict[SideName, tuple[str, ...]]:
    """The fields that are written, by side."""
    return {step.side: step.changed for step in decision.steps}


def parked(given: Subject) -> Subject:
    return replace(given, parked=True)
