"""Undo: what a row wrote goes back to what the row says was there before; and once more undone, all is as it was."""

from __future__ import annotations

from typing import Any

from shared.names import SideName
from shared.sync.link import Link, LinkState
from shared.sync.report import Report, Status
from shared.sync.undo.ask import UndoAsk
from tests.prove.machine.fields import FIELDS, digits, emails_of, google_values, is_phone, same, tag_of, value_of
from tests.prove.machine.oracle.scene import Scene
from tests.prove.machine.runs import history
from tests.prove.machine.story import Story
from tests.prove.machine.tally import TALLY
from tests.prove.machine.windows import Claim

_MOST = 20
Shown = dict[tuple[SideName, str], Any]


def undo_and_redo(story: Story, nth: int) -> None:
    """Takes back an update that is in force, and takes that back. To be called at rest: nothing else is written then.

    Deletes and creates are left to the sweep: what is made again has other ids, by which users act here.
    """
    user = story.user
    scene = Scene.of(story)
    links = {link.id: link for link in scene.links if scene.takes_part(link) and link.state is LinkState.LIVE}
    rows = [doc for doc in history(user) if doc.data["link"] in links and _is_update(doc.data)]
    if not rows or user.head().order or user.head().open:
        return
    row = rows[nth % len(rows)]
    link = links[row.data["link"]]
    tag = tag_of(SideName.SUGAR, scene.records[SideName.SUGAR][link.sugar_id])
    before, places = _shown(story, link), _places(story, link)
    told = _undo(story, row.id)
    if told is None:
        return
    if not told:
        story.memory.lose_track([tag])  # refused on one side, it may be undone on the other
        return
    story.say("undone", row.id, sorted(told))
    TALLY.undone += 1
    written = {field["name"]: str(field["after"]) for field in row.data["fields"]}
    _as_planned(story, link, told, tag, places, written)
    last = history(user)[-1]
    story.claim(row.id in last.data.get("undoes", ()), Claim.HISTORY, f"{last.id} does not say what it took back")
    again = _undo(story, last.id)
    if again is None and _echoed(story, told):
        story.memory.lose_track([tag])
        return
    story.claim(again is not None, Claim.UNDO, f"{tag}: what was undone cannot be done again", tag)
    if not again:
        story.memory.lose_track([tag])
        return
    after = _shown(story, link)
    story.claim(after == before, Claim.UNDO, f"{tag}: undone and done again, {before} became {after}", tag)


def _echoed(story: Story, told: dict[tuple[SideName, str], str]) -> bool:
    """Whether Sugar answered with what was sent while its hooks saved something else: that looks edited since."""
    sugar = story.world.sugar
    echoes = sugar.switches.answer_echoes and bool(sugar.hooks.before_save)
    return echoes and any(side is SideName.SUGAR for side, _ in told)


def _is_update(data: dict[str, Any]) -> bool:
    return bool(data["native"]) and all(told["before"] and told["after"] for told in data["native"].values())


def _shown(story: Story, link: Link) -> Shown:
    """All that is watched of a contact, on both sides.

    Of Google's phones all numbers: which one stands first where two are of one kind is nobody's promise.
    """
    found: Shown = {}
    for side in SideName:
        record = story.records(side)[link.id_on(side)]
        names = [name for name in FIELDS if side is SideName.SUGAR or not is_phone(name)]
        found.update({(side, name): same(name, value_of(side, record, name)) for name in names})
        found[side, "emails"] = emails_of(side, record)
    person = story.records(SideName.GOOGLE)[link.google_id]
    found[SideName.GOOGLE, "phones"] = sorted(digits(phone["value"]) for phone in person.get("phoneNumbers", ()))
    return found


def _undo(story: Story, row: str) -> dict[tuple[SideName, str], str] | None:
    """Plans it and carries it out; what the plan has shown, by side and field.

    Returns:
        ``None`` if there is nothing to do; nothing, if the write was refused: the user may have lost the right to it.
    """
    user = story.user
    report = user.engine.undo(UndoAsk(row=row))
    if report.order is None or report.plan is None or not report.order.waiting:
        return None
    order = report.order.id
    (decision,) = [each for each in report.plan.decisions if each.steps]
    told = {
        (target, change.name): change.google if target is SideName.SUGAR else change.sugar
        for change in decision.fields
        if (target := change.verdict.target) is not None
    }
    carried: Report | None = None
    for _ in range(_MOST):
        carried = user.engine.run(plan=order)
        story.claim(carried.status is not Status.BLOCKED, Claim.UNDO, f"blocked: {carried.message}")
        if carried.order is None or carried.order.state == "done":
            break
        story.pass_time(120.0)
    order_told = carried.order if carried is not None else None
    left_out = order_told is not None and order_told.left_out == 1
    done = order_told is not None and order_told.done == 1
    story.claim(done or left_out, Claim.UNDO, f"{row} was not undone: {order_told}")
    return told if done else {}


def _places(story: Story, link: Link) -> dict[str, list[str]]:
    """What Google shows of the fields of which it may hold several, the synced one first."""
    person = story.records(SideName.GOOGLE)[link.google_id]
    return {name: google_values(person, name) for name in FIELDS if name != "first_name" and not is_phone(name)}


def _as_planned(
    story: Story,
    link: Link,
    told: dict[tuple[SideName, str], str],
    tag: str,
    places: dict[str, list[str]],
    written: dict[str, str],
) -> None:
    """Each side shows what the plan has shown. A phone may stand in another place than that of its kind.

    Where a link has put Sugar's value beside one that Google had, taking it away leaves that one alone there again:
    behind ours or, as Google may order them, before it.

    Args:
        places: what Google has shown before.
        written: what the row that is undone had written.
    """
    shown, now = _shown(story, link), _places(story, link)
    for (side, canonical), value in told.items():
        name = "city" if canonical == "primary_city" else canonical
        if name in FIELDS and not is_phone(name):
            agree = shown[side, name] == same(name, value)
            if side is SideName.GOOGLE and not value and name in now:
                agree = agree or now[name] in _without(name, places[name], written.get(canonical, ""))
            story.claim(agree, Claim.UNDO, f"{tag} {name} in {side}: {shown[side, name]!r}, planned {value!r}", tag)


def _without(name: str, places: list[str], value: str) -> list[list[str]]:
    """The values without one of those that are the same as the one given."""
    return [places[:n] + places[n + 1 :] for n, found in enumerate(places) if same(name, found) == same(name, value)]
