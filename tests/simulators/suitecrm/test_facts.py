"""The list of facts is complete."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from tests.simulators.suitecrm import Switches

HERE = Path(__file__).parent


def test_every_fact_in_the_list_has_its_test_and_every_switch_is_listed() -> None:
    listed = (HERE / "FACTS.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", listed))
    texts = [file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py")]
    existing = {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
    assert named
    assert named <= existing, named - existing
    assert set(Switches.own()) <= set(re.findall(r"`(\w+)`", listed))


def test_every_answer_of_every_switch_is_a_variant() -> None:
    variants = list(Switches.all_variants())
    assert len(variants) == 1 + sum(len(answers) - 1 for answers in Switches.own().values())
    assert len(set(variants)) == len(variants)
    assert Switches.own()["emoji"] == ("????", "?", "kept")
    drawn = {Switches.draw(Random(seed)) for seed in range(50)}  # noqa: S311 - of a test
    assert len(drawn) > 20
    assert {(each.shared_addresses, each.invalid_email) for each in drawn} == {(True, "dropped")}
