"""Making a deleted contact again on the side where it was deleted, from the one that lives: a person decided so.

It stays the same contact: the same link, and in Google the same key. What the deleted record alone held is gone; what
both sides last agreed on, and what was edited since on the side that lives, comes back.
"""

from __future__ import annotations

from shared.contact.fields import EMAILS
from shared.contact.model import Contact
from shared.names import Op, SideName
from shared.sync.link import Link
from shared.sync.plan.merge import decode
from shared.sync.plan.model import Action, Decision, Entry, Env, FieldChange, Step, Subject, Trouble, Undone
from shared.sync.plan.verdict import TO

_WHO = {SideName.SUGAR: "Sugar", SideName.GOOGLE: "Google"}
WAIT = 60.0
"""Seconds until it is tried again where an earlier create is in doubt."""


def plan_restore(env: Env, subject: Subject, link: Link, side: SideName) -> Decision | None:
    """The decision, if that is what a person wants; ``None``: it goes by the rules.

    Args:
        side: where it is gone; on the other one it lives.
    """
    record = subject.half(side.other).there
    answer = subject.answer
    if answer is None or answer.remedy.action != "restore" or record is None:
        return None
    if side in subject.blocked:
        why = f"waits for an earlier create in {_WHO[side]}"
        return Decision(subject, Action.WAIT, why, link=link, wait_seconds=WAIT)
    own = env.fields[side.other].view(record.native, link.memo.get(side.other, {}), None)
    shown = decode(env, side.other, own.contact, link, None)
    fields = env.fields[side]
    names = [
        name
        for name in env.names
        if name != EMAILS
        and name in shown.values
        and (capability := fields.capabilities.get(name)) is not None
        and capability.writable
        and not fields.unheld(name, shown.values[name])
    ]
    emails = shown.emails if EMAILS in env.names and EMAILS in fields.capabilities else ()
    target = Contact({name: shown.values[name] for name in names}, emails or ())
    if problems := (*own.problems, *fields.check(target, [*names, EMAILS])):
        message = f"it cannot be made again in {_WHO[side]} as it is"
        entry = Entry(Trouble.DELETED_AND_EDITED, message, problems=problems)
        return Decision(subject, Action.PARK, message, link=link, entries=(entry,))
    changed = (*names, EMAILS)
    step = Step(side, Op.CREATE, fields.create(target, link.id), target=target, changed=changed, undone=Undone())
    why = f"made again in {_WHO[side]}, as you decided"
    texts = {name: target.get(name) for name in names} | {EMAILS: ", ".join(e.address for e in target.emails or ())}
    told = tuple(
        FieldChange(name, TO[side], *(("", text) if side is SideName.SUGAR else (text, "")), None, why)
        for name, text in texts.items()
        if text
    )
    return Decision(subject, Action.REVIVE, why, steps=(step,), fields=told, link=link)
