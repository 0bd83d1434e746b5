"""What history tells of a run, held against what the simulators held before and after it."""

from __future__ import annotations

from shared.names import SideName
from shared.sync.report import Report, Status
from tests.prove.machine.fields import FIELDS, Json, emails_of, google_values, one_place, tag_of, value_of
from tests.prove.machine.story import Story
from tests.prove.machine.windows import Claim


def check_rows(story: Story, before: dict[SideName, dict[str, Json]], known: set[str], report: Report) -> None:
    """The images of every new row are what stood there before, and what stands there now.

    Rows that tell of an earlier run's writes are left out: their images are of that time.
    """
    user = story.user
    docs = user.world.store.query(user.paths.collection("history"), order="at")
    rows = [doc.data for doc in docs if doc.id not in known]
    after = {side: story.records(side) for side in SideName}
    # A run that stopped tells of its last writes with the next one.
    named = (
        None
        if report.status is not Status.DONE
        else {(side, row["ids"][side.value]) for row in rows for side in SideName if side.value in row["native"]}
    )
    for side in SideName:
        for record, native in before[side].items():
            if named is not None and (side, record) not in named:
                _same_image(story, side, native, after[side].get(record), "without a row")
    echoes = story.world.sugar.switches.answer_echoes and story.world.sugar.hooks.before_save
    for row in rows:
        story.claim(row["run"] == report.run, Claim.HISTORY, f"a row of run {row['run']} came with {report.run}")
        if "recovered" in row["kinds"]:
            continue
        for side in SideName:
            images = row["native"].get(side.value)
            if images is None:
                continue
            record = row["ids"][side.value]
            _same_image(story, side, images["before"], before[side].get(record), f"before, {row['kinds']}")
            if not (echoes and side is SideName.SUGAR):
                _same_image(story, side, images["after"], after[side].get(record), f"after, {row['kinds']}")


def _same_image(story: Story, side: SideName, image: Json | None, shown: Json | None, what: str) -> None:
    story.claim((image is None) == (shown is None), Claim.HISTORY, f"{side} {what}: {image} instead of {shown}")
    if image is None or shown is None:
        return
    tag = tag_of(side, shown)
    for name in FIELDS:
        told, true = _values(side, image, name), _values(side, shown, name)
        story.claim(told == true, Claim.HISTORY, f"{side} {what} of {tag}: {name} {told!r} instead of {true!r}")
    told_mail, true_mail = emails_of(side, image), emails_of(side, shown)
    story.claim(told_mail == true_mail, Claim.HISTORY, f"{side} {what} of {tag}: {told_mail}, not {true_mail}")


def _values(side: SideName, image: Json, name: str) -> list[str]:
    """All of them, in no order, where Google holds several: it may answer in any."""
    several = side is SideName.GOOGLE and not one_place(image, name)
    return sorted(google_values(image, name)) if several else [value_of(side, image, name)]
