"""The user's Google labels: what can be chosen as scope, or for the contacts that are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from shared.web.function import Function
from shared.web.route import Ask, Rate, Route

if TYPE_CHECKING:
    from shared.account.labels import Label


class LabelItem(msgspec.Struct, frozen=True):
    """One label."""

    id: Annotated[str, Meta(description="Its resource name, as settings take it.")]
    name: str
    system: Annotated[bool, Meta(description="Google's own, like Starred.")]


class LabelList(msgspec.Struct, frozen=True):
    """All labels that can be chosen: the user's own by name, then Google's."""

    items: list[LabelItem]


class NewLabel(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A label that is to be there."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]


def show(ask: Ask) -> LabelList:
    from shared.account import labels

    with ask.services.people(ask.me.uid) as people:
        return LabelList([_item(label) for label in labels.choices(people)])


def create(ask: Ask) -> LabelItem:
    from shared.account import labels

    with ask.services.people(ask.me.uid) as people:
        label, made = labels.create(people, ask.take(NewLabel).name)
    ask.noted["made"] = made
    return _item(label)


def _item(label: Label) -> LabelItem:
    return LabelItem(label.id, label.name, label.system)


ROUTES = (
    Route("GET", show, "All labels that can be chosen", answer=LabelList, problems=(409, 502, 503), rate=Rate(60, 60)),
    Route(
        "POST",
        create,
        "Create a label, unless the user has one of that name already",
        body=NewLabel,
        answer=LabelItem,
        problems=(409, 502, 503),
        rate=Rate(20, 60),
    ),
)
handler = Function("labels", ROUTES).entry
