"""What decides how a contact stands, in one sentence: pure, from the plan that the next run would carry out."""

from __future__ import annotations

from shared.names import SideName
from shared.store.port import Doc
from shared.sync.because import Because
from shared.sync.plan.merge import KEPT_APART
from shared.sync.plan.model import Action, Decision, Env
from shared.sync.plan.verdict import Verdict
from shared.sync.remedies import NEVER, OPEN
from shared.sync.words import label

_WHO = {SideName.SUGAR: "Sugar", SideName.GOOGLE: "Google"}
_SCOPES = {SideName.SUGAR: "sugar_scope", SideName.GOOGLE: "google_scope"}


def explain(env: Env, decision: Decision, name: str, *, entry: Doc | None, doubt: bool, plan: bool = False) -> Because:
    """The answer for one contact.

    Args:
        decision: what the next run would do.
        entry: its entry of the backlog.
        doubt: a write of an earlier run may yet happen.
        plan: a plan of a regular sync waits for approval.
    """
    subject, link = decision.subject, decision.subject.link
    told = Because(
        name=name,
        contact=link.id if link is not None else None,
        sugar_id=subject.sugar.id,
        google_id=subject.google.id,
        decides="waiting",
        sentence="a write of an earlier run may yet happen: it is looked at again in some minutes",
    )
    for rule in (_entry, _filter, _asked, _switch, _turn, _apart):
        if doubt:
            break
        if rule(env, decision, told, entry):
            if told.decides == "turn" and env.settings.ask_first and env.settings.sync_regularly:
                _approval(decision, told, made=plan)
            return told
    if doubt or decision.action is Action.WAIT:
        told.sentence = told.sentence if doubt else decision.why
        return told
    _at_rest(env, decision, told)
    return told


def _entry(env: Env, decision: Decision, told: Because, entry: Doc | None) -> bool:
    """It stands in the backlog as a whole."""
    if entry is None:
        return False
    data = entry.data
    if data["state"] == NEVER:
        told.decides, told.sentence = "never", "you said that it is never to be synced; let it go to sync it again"
    elif data["state"] == OPEN and data["whole"]:
        told.decides = "entry"
        told.sentence = f"it waits for you in the backlog ({data['class']}): {data['entries'][0]['message']}"
    else:
        return False
    told.entry = entry.id
    return True


def _filter(env: Env, decision: Decision, told: Because, entry: Doc | None) -> bool:
    """A scope or a label keeps it out."""
    if decision.action is Action.DELETE:
        return False
    for side in SideName:
        record = decision.subject.half(side).there
        if record is None:
            continue
        if record.barred:
            told.setting = "never_label" if side is SideName.GOOGLE and env.settings.never_label else _SCOPES[side]
            told.sentence = f"in {_WHO[side]} it carries the label of contacts that never take part"
        elif not record.in_scope:
            told.setting = _SCOPES[side]
            told.sentence = f"it is not among the contacts of {_WHO[side]} that take part ({_scope(env, side)})"
        elif not record.admitted and _creates(env, decision, side):
            told.setting = "opt_in_label"
            told.sentence = f"it has not the label without which nothing is created in {_WHO[side.other]}"
        else:
            continue
        told.decides = "filter"
        return True
    return False


def _scope(env: Env, side: SideName) -> str:
    if side is SideName.GOOGLE:
        return "those with the chosen label"
    return {
        "assigned": "those assigned to you",
        "favorites": "your favourites",
        "mail_client": "those flagged for the mail client",
        "all": "all that you can see",
    }[env.settings.sugar_scope.value]


def _creates(env: Env, decision: Decision, side: SideName) -> bool:
    """Whether it is a question of creating it on the other side."""
    return decision.subject.link is None and decision.action in (Action.NOTHING, Action.CREATE)


def _asked(env: Env, decision: Decision, told: Because, entry: Doc | None) -> bool:
    """The next run would ask, or has asked about some fields."""
    asked = [question for question in decision.entries if question.whole] or list(decision.entries)
    if not asked:
        return False
    fields = [change.name for change in asked[0].fields]
    told.decides = "entry"
    told.entry = entry.id if entry is not None and entry.data["state"] == OPEN else None
    where = "it waits for you in the backlog" if told.entry else "the next run will ask you in the backlog"
    told.sentence = f"{where} ({asked[0].trouble.value}): {asked[0].message}"
    told.fields = [] if asked[0].whole else fields
    return True


def _switch(env: Env, decision: Decision, told: Because, entry: Doc | None) -> bool:
    """A direction's switch, or a field that is off or only goes one way."""
    subject = decision.subject
    if decision.steps:
        return False
    if subject.link is None and decision.action is Action.NOTHING:
        side = next((side for side in SideName if subject.half(side).there), SideName.SUGAR)
        if not env.direction(side).create:
            told.decides, told.setting = "switch", f"from_{side.value}.create"
            told.sentence = f"it is only in {_WHO[side]}, and creating contacts in {_WHO[side.other]} is switched off"
            return True
        return False
    held = [change for change in decision.fields if change.verdict is Verdict.HELD]
    if not held:
        return False
    told.fields = [change.name for change in held]
    words = ", ".join(label(name) for name in told.fields)
    for source in SideName:
        if not env.direction(source).update:
            told.decides, told.setting = "switch", f"from_{source.value}.update"
            told.sentence = f"{words}: updating {_WHO[source.other]} from {_WHO[source]} is switched off"
            return True
    told.decides = "in step"
    told.sentence = f"{words} differ, and the other side cannot take the value; everything else agrees"
    return True


def _turn(env: Env, decision: Decision, told: Because, entry: Doc | None) -> bool:
    """The next run does it."""
    if not decision.steps and decision.action in (Action.NOTHING, Action.WAIT):
        return False
    told.decides = "turn"
    told.sentence = f"it waits its turn: the next run will {_writes(decision)} ({decision.why})"
    if not env.settings.sync_regularly:
        told.setting = "sync_regularly"
        told.sentence += "; runs come only when you ask for one, because syncing regularly is off"
    return True


def _approval(decision: Decision, told: Because, *, made: bool) -> None:
    """Regular syncs ask first, so the next run will not do it by itself."""
    told.decides, told.setting = "plan", "ask_first"
    when = "approve the plan that waits for you" if made else "approve of the plan that the next regular sync makes"
    told.sentence = f"it waits for your approval: once you {when}, a sync will {_writes(decision)} ({decision.why})"


def _writes(decision: Decision) -> str:
    """What is done to it, in words."""
    writes = sorted({f"{step.op.value} it in {_WHO[step.side]}" for step in decision.steps})
    return " and ".join(writes) or "take note of it"


def _apart(env: Env, decision: Decision, told: Because, entry: Doc | None) -> bool:
    """Fields that differ because somebody wants them so."""
    told.fields = [change.name for change in decision.fields if change.verdict is Verdict.APART]
    if told.fields:
        told.decides = "in step"
        told.sentence = f"{', '.join(map(label, told.fields))}: {KEPT_APART}; everything else agrees"
    return bool(told.fields)


def _at_rest(env: Env, decision: Decision, told: Because) -> None:
    link = decision.subject.link
    if link is not None and link.deleted_on is not None:
        told.decides = "deleted"
        how = "an undo removed it again" if link.undone else "it was deleted"
        told.sentence = f"{how} in {_WHO[link.deleted_on]}; the pair does not come back by itself"
    elif link is None:
        told.decides, told.sentence = "waiting", decision.why
    else:
        told.decides, told.sentence = "in step", "it is in step: both sides agree"
        if env.settings.fields_off:
            told.setting = "fields_off"
            told.sentence += " in every field that is switched on"
