"""What the functions run on may be used in a product like this one."""

from __future__ import annotations

import re
from importlib.metadata import metadata

import pytest

from tests.infra.terraform import ROOT

PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Unlicense|0BSD|Zlib)\b", re.IGNORECASE)
FILE_BY_FILE = {"certifi": "MPL-2.0, whose sources are not changed here"}
"""Licences that ask something of whoever changes these files, and of nobody else."""


def installed() -> list[str]:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9.-]+)==", text, re.MULTILINE)


@pytest.mark.parametrize("name", installed())
def test_the_licence_is_permissive(name: str) -> None:
    told = metadata(name)
    classified = [line for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    named = [(told.get_all(field) or [""])[0][:100] for field in ("License-Expression", "License")]
    said = " ".join([*named, *classified])
    assert not re.search(r"\b(A|L)?GPL\b|GNU", said), said
    if name in FILE_BY_FILE:
        assert "Mozilla" in said or "MPL" in said
    else:
        assert PERMISSIVE.search(said), f"{name}: {said!r}"
