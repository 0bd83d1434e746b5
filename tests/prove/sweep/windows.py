"""Where another outcome is accepted: the windows that the APIs leave open, each exactly as far as it goes.

They are those of ``docs/reliability.md``; the sweep says how often it came through each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tests.prove.sweep.outcome import Differences, Outcome
from tests.prove.sweep.play import Played, Step

COPY = "a Sugar create landed after it was sent again: the copy is shown in the backlog"
REMOVED = "a Google create landed after it was sent again: the copy was removed"
SESSION = "a crash between Sugar's token rotation and our save: the user signed in again"

_CREATES = frozenset({"sugar POST /Contacts", "sugar in a bulk POST /Contacts"})
_GOOGLE_CREATES = frozenset({"google people.createContact", "google people.batchCreateContacts"})
_TOKEN = "sugar POST /oauth2/token"


def window(
    mode: str, pause: str, passed: Sequence[Step], played: Played, expected: Outcome, differs: Differences
) -> str | None:
    """The window through which the world came to these differences; ``None`` if there is none so large.

    Args:
        passed: the steps up to the crash.
    """
    last = passed[-1].what.split(" + ")
    beyond = mode == "after" or (mode == "late" and pause == "long")  # the quiet period
    if beyond and _GOOGLE_CREATES.intersection(last) and set(differs) == {"copies"} and not differs["copies"][0]:
        return REMOVED
    if mode == "after" and _CREATES.intersection(last) and _copies_shown(expected, differs):
        return COPY
    # From the call that renews the token to the commit of the new one.
    renewed = any(_TOKEN in step.what for step in passed[-2:] if step.when == "after")
    if played.signed_in_again and renewed and not differs:
        return SESSION
    return None


def _copies_shown(expected: Outcome, differs: Differences) -> bool:
    """Whether there is nothing new but second copies in Sugar, each of them asked about."""
    if not set(differs) <= {"sugar", "backlog", "counts"}:
        return False
    (lost, copies), (closed, asked) = (differs.get(part, ([], [])) for part in ("sugar", "backlog"))
    if lost or closed or not copies or not all(line in expected["sugar"] for line in copies):
        return False
    questions = [json.loads(line) for line in asked]
    about = sorted(question["of"][0] for question in questions)
    alike = all(question["class"] == "already linked" and not question["linked"] for question in questions)
    return alike and about == sorted(_called(json.loads(line)) for line in copies)


def _called(record: Mapping[str, str]) -> str:
    return f"{record.get('first_name', '')} {record['last_name']}".strip()
