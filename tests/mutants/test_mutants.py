"""The suite kills every mutant. Where ``CI`` is set all are hunted, elsewhere the quickest few."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.abc import InspectLoader

import pytest

from tests.mutants.__main__ import main, table
from tests.mutants.catalogue import CONTROLS, MUTANTS
from tests.mutants.hunt import Hunt, hunt
from tests.mutants.install import Finder, TooLate, install
from tests.mutants.mutant import ROOT, Change, DoesNotApply, Mutant

QUICKEST = ("opt-out-lost", "linked-match-taken", "missing-scope-field-means-in", "guard-counts-this-batch")
HUNTED = [mutant for mutant in MUTANTS if os.environ.get("CI") or mutant.name in QUICKEST]
[INERT] = CONTROLS


@pytest.mark.parametrize("mutant", HUNTED, ids=lambda mutant: mutant.name)
def test_the_suite_kills(mutant: Mutant, record_property: Callable[[str, object], None]) -> None:
    found = hunt(mutant)
    assert found.killer, f"{found.verdict}\n{found.output}"
    record_property("killed", f"{mutant.name}: {found.killer}")


def test_every_mutant_applies_and_has_a_name_of_its_own() -> None:
    for mutant in (*MUTANTS, *CONTROLS):
        assert mutant.modules
        for module in mutant.modules:
            assert mutant.source(module)
        assert mutant.hunters
        for hunter in mutant.hunters:
            assert (ROOT / hunter.partition("::")[0]).is_file(), hunter
    names = [mutant.name for mutant in (*MUTANTS, *CONTROLS)]
    assert len(set(names)) == len(names)
    assert set(QUICKEST) <= set(names)


# -- the hunt itself can fail ------------------------------------------------------------------------


def test_a_mutant_that_no_test_can_tell_survives() -> None:
    found = hunt(INERT)
    assert (found.killer, found.trouble) == ("", "")


def test_a_hunter_that_is_not_there_is_trouble_and_no_kill() -> None:
    found = hunt(INERT, ["tests/contact/test_merge.py::test_nobody_wrote"])
    assert found.killer == ""
    assert found.trouble.startswith("pytest ended with 4")


def test_a_mutant_that_nobody_imports_is_trouble_and_no_survivor() -> None:
    found = hunt(INERT, ["tests/contact/test_terms.py"])
    assert found.killer == ""
    assert found.trouble == "pytest ended with 0; never imported"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("no such text", "", "holds 0 times"),
        ("Drift", "", "times: 'Drift'"),
        ("    if base is None:\n", "    if base is (:\n", "is no Python any more"),
    ],
)
def test_a_text_that_is_not_there_once_is_no_mutant(old: str, new: str, says: str) -> None:
    wrong = replace(INERT, changes=(Change("shared/contact/merge.py", old, new),))
    with pytest.raises(DoesNotApply, match=says):
        Finder(wrong)


def test_a_mutant_that_comes_after_the_product_is_refused() -> None:
    import_module("shared.contact.merge")
    with pytest.raises(TooLate, match="imported before the mutant"):
        install(INERT)


def test_only_its_modules_are_changed_and_no_file_is() -> None:
    finder = Finder(INERT)
    spec = finder.find_spec("shared.contact.merge")
    assert spec is not None
    assert isinstance(spec.loader, InspectLoader)
    assert "None is base" in (spec.loader.get_source("shared.contact.merge") or "")
    assert finder.find_spec("shared.contact.emails") is None
    assert "None is base" not in (ROOT / "shared/contact/merge.py").read_text(encoding="utf-8")


def test_the_table_names_the_killer_or_the_survivor() -> None:
    text = table([Hunt(INERT, "tests/a.py::test_b", "", 1.0, ""), Hunt(INERT, "", "", 1.0, "")])
    assert "| `tests/a.py::test_b` |" in text
    assert "| `survived` |" in text


def test_a_wrong_name_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nobody"]) == 2
    assert "no such mutant: nobody" in capsys.readouterr().err
