"""What a user can choose from among the fields of both sides."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contact.fields import CUSTOM_PREFIX, FIELDS
from shared.people.fieldmap import PeopleFieldMap
from shared.side import Capability
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.metadata import Schema
from shared.sugar.records import Scope
from shared.sugar.table import SECRET_TYPES
from shared.sync.settings import RESERVED, TAKEN, Settings

_NO_VALUES = frozenset(
    {
        *("link", "collection", "id", "relate", "parent", "team_list", "tag", "image", "file", "json", "html"),
        *("assigned_user_name", "username", "fullname", "favorites", "locked_fields", "widget", "cascade", "iframe"),
        *("teamset", "parent_type", "function", "bool_array", "dashboard", "event_status", "pricing-formula"),
    }
)
"""Types that stand for other records, or for nothing that a person would read in a contact."""
_SYSTEM = frozenset(
    {
        *("created_by", "modified_user_id", "created_by_name", "modified_by_name", "assigned_user_id", "my_favorite"),
        *("following", "sync_contact", "sync_key", "portal_active", "portal_app", "portal_name", "account_id"),
        *("team_id", "team_set_id", "acl_team_set_id", "mkto_id", "mkto_sync", "mkto_lead_score", "picture", "name"),
    }
)
"""Fields that Sugar keeps for itself."""


_ANYBODY = Scope("all", "nobody")
"""What a field can do does not depend on the scope."""


@dataclass(frozen=True, slots=True)
class Further:
    """A field of Sugar beside the canonical ones, which can be mapped to a custom field in Google."""

    name: str
    label: str
    """A proposal, made from the name."""
    capability: Capability
    type: str


def canonical(schema: Schema) -> dict[str, tuple[Capability | None, Capability | None]]:
    """Every canonical field with what Sugar and Google can do with it; ``None``: it does not exist there."""
    sugar = SugarFieldMap(schema, FIELDS, _ANYBODY).capabilities
    google = PeopleFieldMap(FIELDS, custom={}, region="US").capabilities
    return {name: (sugar.get(name), google.get(name)) for name in FIELDS}


def further(schema: Schema) -> list[Further]:
    """What can be mapped besides, by name."""
    names = sorted(mappable(schema))
    capabilities = SugarFieldMap(schema, [CUSTOM_PREFIX + name for name in names], _ANYBODY).capabilities
    return [Further(name, _label(name), capabilities[CUSTOM_PREFIX + name], schema.fields[name].type) for name in names]


def mappable(schema: Schema) -> set[str]:
    """The names of the fields that can be mapped besides the canonical ones."""
    return {
        name
        for name, field in schema.fields.items()
        if field.can_read and name not in RESERVED | TAKEN | _SYSTEM and field.type not in SECRET_TYPES | _NO_VALUES
    }


def missing(schema: Schema, settings: Settings) -> list[str]:
    """Mapped fields that this Sugar does not have, or not for this user."""
    return sorted(set(settings.custom_fields) - mappable(schema))


def _label(name: str) -> str:
    words = name.removesuffix("_c").replace("_", " ").split()
    return " ".join(words).capitalize()[:100] or name
