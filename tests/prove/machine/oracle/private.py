"""What is none of the sync's business survives: extra phones, custom fields and labels in Google, flags in Sugar."""

from __future__ import annotations

from shared.names import SideName
from tests.prove.machine.deeds.make import OWN_LABEL, SCOPE_LABEL
from tests.prove.machine.oracle.scene import Scene
from tests.prove.machine.windows import Claim


def check_private(scene: Scene) -> None:
    story = scene.story
    people = scene.records[SideName.GOOGLE]
    for record, private in story.memory.private.items():
        if record not in people:
            continue
        person = people[record]
        pagers = sorted(p["value"] for p in person.get("phoneNumbers", ()) if p.get("type") == "pager")
        story.claim(pagers == sorted(private.pagers), Claim.PRIVATE, f"{record} pagers: {pagers}, not {private.pagers}")
        kept = [{key: item.get(key) for key in ("key", "value")} for item in person.get("userDefined", ())]
        story.claim(kept == private.keepsakes, Claim.PRIVATE, f"{record}: {kept}, not {private.keepsakes}")
        labels = story.user.account.labels(record)
        same = labels - {SCOPE_LABEL, OWN_LABEL} == private.labels - {SCOPE_LABEL, OWN_LABEL}
        story.claim(same and private.labels <= labels, Claim.PRIVATE, f"{record}: {labels}, not {private.labels}")
    if story.world.sugar.switches.shared_addresses:
        return  # flags belong to the address: once the user has given it to a second contact, they are that one's, too
    for record, addresses in story.memory.opted_out.items():
        if record not in scene.records[SideName.SUGAR]:
            continue
        mails = {mail["email_address"].lower(): mail for mail in scene.records[SideName.SUGAR][record]["email"]}
        for address in addresses & set(mails):
            flag = mails[address]["opt_out"] in (True, "1", 1)
            story.claim(flag, Claim.PRIVATE, f"{record} {address} has not opted out any more")
