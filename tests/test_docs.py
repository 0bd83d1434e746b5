"""``docs/`` says what the code does."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.docs import PARTS, ROOT, documents, generated, one_field, pairs, parts_of, rewrite, table


@pytest.mark.parametrize("name", ["README.md", "docs/decision-table.md", "docs/field-map.md", "docs/operations.md"])
def test_the_generated_parts_are_true(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert parts_of(text)
    assert generated(text) == text, f"{name} is out of date: run '.venv/bin/python -m tests.docs'"


def test_every_part_stands_somewhere() -> None:
    found = [part for file in documents() for part in parts_of(file.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(PARTS)


def test_a_part_that_is_out_of_date_is_rewritten() -> None:
    old = "# A\n<!-- generated: conflicts -->\nlies\n<!-- end -->\nrest\n"
    new = generated(old)
    assert new != old
    assert "lies" not in new
    assert (new.startswith("# A\n"), new.endswith("rest\n")) == (True, True)
    assert generated(new) == new


def test_every_state_of_a_field_has_its_row() -> None:
    # Blank and three values that may be equal or not, against never, blank and a value.
    assert len(one_field().splitlines()) - 2 == 20
    shapes = {
        (base is None, base == "", sugar == base, google == base, sugar == google, not sugar, not google)
        for base, sugar, google in product((None, "", "a"), ("", "a", "b", "c"), ("", "a", "b", "c"))
    }
    assert len(shapes) == 20


def test_lines_of_the_pairs_that_go_on_are_joined() -> None:
    assert "DELETE, if that direction's Delete is on; else TOMBSTONE" in pairs()


def test_a_bar_does_not_break_a_table() -> None:
    assert table(["a"], [["x|y"]]) == "| a |\n| --- |\n| x\\|y |\n"


def test_documents_are_rewritten_where_they_stand(tmp_path: Path) -> None:
    old = "# A\n<!-- generated: conflicts -->\n<!-- end -->\n"
    (tmp_path / "a.md").write_text(old, encoding="utf-8")
    (tmp_path / "b.md").write_text("nothing generated\n", encoding="utf-8")
    rewrite(tmp_path.glob("*.md"))
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == generated(old) != old
    assert (tmp_path / "b.md").read_text(encoding="utf-8") == "nothing generated\n"
