"""Mutants about looking: what is listed, what is read, and what needs no second look."""

from __future__ import annotations

from tests.mutants.mutant import Change, Mutant, swap

_GATHER, _OBSERVE = "shared/sync/gather.py", "shared/sync/observe.py"
_LOOKING = "tests/sync/test_looking.py"

MUTANTS = (
    Mutant(
        "reads-kept-between-runs",
        "What was read a minute ago saves a call; the user may have edited it, and a delete is planned on old values.",
        (
            Change(
                "shared/sync/reading.py",
                "class Reader:\n",
                "_POOL: dict[str, dict[str, Any]] = {side: {} for side in SideName}\n\n\nclass Reader:\n",
            ),
            Change(
                "shared/sync/reading.py",
                "self.pool: dict[SideName, dict[str, Record | Absent]] = {side: {} for side in SideName}\n\n    def",
                "self.pool = _POOL\n\n    def",
            ),
        ),
        ("tests/sync/test_deleting.py::test_deleted_here_and_edited_there_is_asked_about",),
    ),
    Mutant(
        "absence-taken-for-deletion",
        "A complete list shows everybody; it may lag or leave one out, and a direct read would find it.",
        swap(
            _GATHER,
            "        if isinstance(read, Record):\n            return Half(",
            "        if any(key.deleted for key in group.keys if key.side is side):\n"
            "            return Half(Presence.GONE, record_id, None, seen)\n"
            "        if isinstance(read, Record):\n            return Half(",
        ),
        (_LOOKING + "::test_one_that_a_complete_list_leaves_out_is_not_deleted",),
    ),
    Mutant(
        "lost-sight-taken-for-deleted",
        "What Sugar does not find is gone; perhaps the user only may not see it any more.",
        swap(
            "shared/sugar/lookup.py",
            "return {each: found.get(each, Absent(proven=False)) for each in wanted}",
            "return {each: found.get(each, Absent(proven=True)) for each in wanted}",
        ),
        ("tests/sync/test_deleting.py::test_lost_sight_of_in_sugar_is_asked_about_and_deletes_nothing",),
    ),
    Mutant(
        "missing-scope-field-means-in",
        "An answer without the field looks harmless; other people's contacts would be copied.",
        swap(
            "shared/sugar/records.py",
            "value = row.get(SCOPE_FIELDS[self.name])",
            "value = row.get(SCOPE_FIELDS[self.name], self.me)",
        ),
        ("tests/sugar/test_feed.py::test_a_missing_scope_field_means_out",),
    ),
    Mutant(
        "delta-filtered-by-scope",
        "Only contacts in scope are of interest; one that leaves it is not seen leaving, and goes on for a day.",
        swap(
            "shared/sugar/feed.py",
            "            in_scope = self._scope.holds(row)\n",
            "            in_scope = self._scope.holds(row)\n            if not in_scope:\n                continue\n",
        ),
        ("tests/sugar/test_feed.py::test_a_delta_shows_what_changed_in_any_scope",),
    ),
    Mutant(
        "sugar-feed-without-overlap",
        "Where the last delta ended the next one starts; a save that took long shows up behind that point.",
        swap("shared/sugar/feed.py", "rescan = first and now - at.scanned_clock >= self._overlap", "rescan = False"),
        ("tests/sugar/test_feed.py::test_a_slow_save_is_seen",),
    ),
    Mutant(
        "same-second-taken-for-an-echo",
        "The version of our own write looks known; Sugar's are whole seconds, and a user's edit may share it.",
        swap(
            "shared/sync/recents.py",
            "self._load()[side].get(record) == [version, _SETTLED]",
            "self._load()[side].get(record) in ([version, _SETTLED], [version, _WRITTEN])",
        ),
        (_LOOKING + "::test_an_edit_within_the_second_of_our_own_write_arrives",),
    ),
    Mutant(
        "sugar-version-saves-a-read",
        "A version that the link reflects needs no read; Sugar's are whole seconds, and some changes move none.",
        swap(_GATHER, "return same and key.side is SideName.GOOGLE and key.lane is not Lane.SWEEP", "return same"),
        (_LOOKING + "::test_an_edit_within_the_second_of_our_own_write_arrives",),
    ),
    Mutant(
        "sweep-looks-at-nothing",
        "What no list shows as changed needs no look; renamed accounts and flags move no date.",
        swap(
            _OBSERVE,
            "                if side is SWEEPS or listing.everything:\n",
            "                if listing.everything:\n",
        ),
        (_LOOKING + "::test_a_change_that_moves_no_date_arrives_within_a_week",),
    ),
    Mutant(
        "proof-of-deletion-forgotten",
        "A deletion that was proven can be proven again; a feed shows its tombstone once.",
        swap(_GATHER, "            or side in group.link.gone\n", ""),
        ("tests/sync/test_deleting.py::test_contacts_merged_in_googles_pages_delete_nothing_in_sugar[tombstone]",),
    ),
)
