"""Writes the generated parts of ``docs/`` and of the README: ``python -m tests.docs``.

A test fails where they are not true any more.

A generated part stands between ``<!-- generated: name -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path

from shared.contact.fields import EMAILS, FIELDS, Kind
from shared.contact.merge import apart, three_way
from shared.names import SideName
from shared.people.fieldmap import PeopleFieldMap
from shared.people.fields import native_names
from shared.sugar.fieldmap import SugarFieldMap
from shared.sugar.metadata import NativeField, Schema
from shared.sugar.records import Scope
from shared.sugar.table import TABLE
from shared.sync.backlog import REMEDY
from shared.sync.plan import pair
from shared.sync.plan.model import Trouble
from shared.sync.plan.verdict import Verdict, decide, winner
from shared.sync.remedies import ACTIONS
from shared.sync.settings import ConflictRule
from shared.web.config import VARIABLES
from tests.infra import costs
from tests.simulators.sugar.fields import OPTIONAL

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
_PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

_SAID = {
    Verdict.KEEP: "—",
    Verdict.TO_SUGAR: "→ Sugar",
    Verdict.TO_GOOGLE: "→ Google",
    Verdict.HELD: "held",
    Verdict.ASK: "the rule decides",
    Verdict.APART: "—",
}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


# -- the decision table ------------------------------------------------------------------------------

_SWITCHES = {
    "both Updates on": (True, True),
    "only from Sugar": (False, True),
    "only from Google": (True, False),
    "both off": (False, False),
}
"""By column: whether Sugar may be written, whether Google may."""


def one_field() -> str:
    """Every state of one field, by what the planner itself says."""
    rows = []
    for base, sugar, google in _states():
        drift = three_way(base, sugar, google)
        said = [_SAID[decide(drift, to_sugar=s, to_google=g, wins=None)] for s, g in _SWITCHES.values()]
        rows.append(["*never*" if base is None else _value(base), _value(sugar), _value(google), *said])
    return table(["last agreed on", "Sugar", "Google", *_SWITCHES], rows)


def kept_apart() -> str:
    """Every state of one field that a person keeps different, by what the planner itself says."""
    rows = []
    for sugar, google in (("a", "b"), ("c", "b"), ("a", "c"), ("b", "a"), ("c", "d"), ("c", "c"), ("a", "a")):
        drift = apart("a", "b", sugar, google)
        said = [_SAID[decide(drift, to_sugar=s, to_google=g, wins=None)] for s, g in _SWITCHES.values()]
        rows.append([sugar, google, *said])
    return table(["Sugar", "Google", *_SWITCHES], rows)


def _states() -> list[tuple[str | None, str, str]]:
    """Every state once: which letters stand for the values makes no difference."""
    found: dict[tuple[str, ...], tuple[str | None, str, str]] = {}
    for base, sugar, google in product((None, "", "a"), ("", "a", "b", "c"), ("", "a", "b", "c")):
        names: dict[str, str] = {"": ""}
        shape = tuple("never" if v is None else names.setdefault(v, str(len(names))) for v in (base, sugar, google))
        found.setdefault(shape, (base, sugar, google))
    return list(found.values())


def _value(value: str) -> str:
    return value or "blank"


def conflicts() -> str:
    """What the rule makes of a conflict."""
    seen = {None: "unknown, or at once", SideName.SUGAR: "Sugar's", SideName.GOOGLE: "Google's"}
    rows = []
    for rule in ConflictRule:
        for newer in seen if rule is ConflictRule.NEWEST else (None,):
            wins = winner(rule, newer=newer)
            said = {None: "asked: the field waits, the contact goes on", SideName.SUGAR: "→ Google"}
            rows.append([rule.value, seen[newer] if rule is ConflictRule.NEWEST else "any", said.get(wins, "→ Sugar")])
    return table(["rule", "change first seen later", "verdict"], rows)


def pairs() -> str:
    """The table in the docstring of ``pair``, with lines that go on joined."""
    text = (pair.__doc__ or "").split("\n\n")
    lines = next(part for part in text if part.startswith("===")).split("\n")
    columns = [match.span() for match in re.finditer("=+", lines[0])]
    starts = [start for start, _ in columns]
    ends = [*starts[1:], None]
    head, *rest = [
        [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        for line in lines
        if not line.startswith("===")
    ]
    rows: list[list[str]] = []
    for cells in rest:
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [f"{old} {more}".strip() for old, more in zip(rows[-1], cells, strict=True)]
    return table(head, rows)


# -- the field map -----------------------------------------------------------------------------------

_COMPARED: Mapping[Kind, str] = {
    Kind.LINE: "as one line",
    Kind.TEXT: "line by line",
    Kind.PHONE: "as a phone number",
    Kind.DATE: "as a date",
    Kind.URL: "as a web address",
    Kind.EMAILS: "as a set of addresses",
}
_NOTES: Mapping[str, str] = {
    "first_name": "alone, it stands as last name in Sugar",
    "last_name": "Sugar requires it",
    EMAILS: "the primary, opt-out and invalid are Sugar's; type and label are Google's",
    "birthday": "without a year it stays in Google",
    "primary_street": "Google's `extendedAddress` is its last line",
}


def field_map() -> str:
    """Both sides' tables as one."""
    native = Schema({row.native: NativeField("varchar") for row in TABLE})
    sugar = SugarFieldMap(native, tuple(FIELDS), Scope("all", "me")).capabilities
    google = PeopleFieldMap(tuple(FIELDS), custom={}, region="US").capabilities
    names = native_names({})
    rows = []
    for name, field in FIELDS.items():
        notes = []
        if not sugar[name].writable:
            notes.append("one way: Sugar → Google")
        if sugar[name].native in OPTIONAL:
            notes.append("not in every Sugar")
        if name in _NOTES:
            notes.append(_NOTES[name])
        lengths = {"Sugar": sugar[name].max_length, "Google": google[name].max_length}
        if known := [f"{most:,} in {side}" for side, most in lengths.items() if most is not None]:
            notes.append(f"up to {', '.join(known)}")
        rows.append(
            [
                f"{field.label} (`{name}`)",
                f"`{sugar[name].native}`",
                _google(names[name]),
                _COMPARED[field.kind],
                "; ".join(notes),
            ]
        )
    return table(["field", "Sugar", "Google", "compared", "notes"], rows)


def _google(native: str) -> str:
    member, blank, types = native.partition(" ")
    return f"`{member}`{blank}{types}"


# -- the configuration -------------------------------------------------------------------------------


def variables() -> str:
    """The environment variables."""
    rows = []
    for each in VARIABLES:
        default = {None: "*must be set*", "": ""}.get(each.default, f"`{each.default}`")
        rows.append([f"`{each.name}`", default, each.meaning])
    return table(["variable", "default", "meaning"], rows)


# -- writing them ------------------------------------------------------------------------------------


def backlog() -> str:
    """Every class of entry with its actions and its words."""
    rows = [[cls, ", ".join(f"`{action}`" for action in had), REMEDY[Trouble(cls)]] for cls, had in ACTIONS.items()]
    return table(["class", "actions", "what to do"], rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "one-field": one_field,
    "kept-apart": kept_apart,
    "conflicts": conflicts,
    "pairs": pairs,
    "backlog": backlog,
    "field-map": field_map,
    "variables": variables,
    "costs": lambda: table(costs.HEAD, costs.table()),
}


def generated(text: str) -> str:
    """The document with its generated parts as they should be."""
    return _PART.sub(lambda match: f"{match[1]}\n{PARTS[match[2]]()}\n{match[3]}", text)


def parts_of(text: str) -> list[str]:
    """The names of a document's generated parts."""
    return [match[2] for match in _PART.finditer(text)]


def documents() -> list[Path]:
    """All that may have generated parts."""
    return [README, *sorted(DOCS.glob("*.md"))]


def rewrite(files: Iterable[Path]) -> None:
    """Rewrites these documents."""
    for file in files:
        text = file.read_text(encoding="utf-8")
        file.write_text(generated(text), encoding="utf-8")


if __name__ == "__main__":
    rewrite(documents())
