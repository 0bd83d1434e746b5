"""Mutants about Sugar's older dialect: what its answers are worth, and what shows in no date."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, swap

_SYNC = "tests/suitecrm/test_sync.py"
_WRITING = "tests/suitecrm/test_writing.py"

MUTANTS = (
    Mutant(
        "chosen-id-made-anew",
        "An id for each request looks clean; with another one the create that is sent again doubles the contact.",
        swap("shared/sync/journal.py", "        record=step.id or chosen,\n", "        record=chosen or step.id,\n"),
        (_SYNC + "::test_a_create_in_doubt_is_settled_by_the_next_run[late]",),
    ),
    Mutant(
        "answer-believed",
        "An answer of 200 with the id looks like success; the server gives it also where it has stored nothing.",
        swap("shared/suitecrm/judging.py", "        if lost:\n", "        if lost and not found.id:\n"),
        (_WRITING + "::test_what_sugar_did_not_take_is_no_success",),
    ),
    Mutant(
        "version-is-the-date",
        "The date of the last change looks like a version; emails and account change without it.",
        swap(
            "shared/suitecrm/rows.py",
            '    return f"{stamp(modified(row, call))}~{',
            '    return stamp(modified(row, call)) or f"{',
        ),
        (_SYNC + "::test_emails_that_move_no_date_arrive_within_a_day",),
    ),
    Mutant(
        "flags-left-out",
        "Sending the addresses looks enough; the form clears each flag that it does not name, for all who share them.",
        swap("shared/suitecrm/emails.py", "if entry.get(flag)]\n", "if entry.get(flag) == 2]\n"),
        (_WRITING + "::test_an_opted_out_address_stays_opted_out",),
    ),
    Mutant(
        "edit-taken-for-a-rendering",
        "What a read right after the write shows looks like what became of it; it may be somebody's edit already.",
        swap(
            "shared/sync/settle.py",
            "        if name in done.edited:\n",
            "        if name in done.edited and not name:\n",
        ),
        ("tests/suitecrm/test_edits.py",),
    ),
)
