"""What the page is made of: small, without a way for text to become markup, every text in one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openapi import load
from tests.site.browser import Browser
from tests.site.running import running

UI = load("ui")
PAGE: Path = UI.PAGE
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in PAGE.glob("*.js")}
WORDS = (
    *("Grant", "Sync regularly", "Sync interval in minutes", "Update from Sugar", "Update from Google", "Create"),
    *("Update", "Delete", "Restore default", "Sync Now", "Preview", "History", "Backlog"),
)
"""Of the panel that users know."""


@pytest.fixture(scope="module")
def nobody() -> Iterator[Browser]:
    with running(each=1) as site:
        yield site.browser()


def texts() -> dict[str, str]:
    """Key and text, or the forms of it, by the file's own lines."""
    lines = re.findall(r'^  (?:"([^"]+)"|(\w+)): (.+),$', SCRIPTS["texts.js"], re.MULTILINE)
    found = [(quoted or bare, text) for quoted, bare, text in lines]
    assert len(dict(found)) == len(found), "a key occurs twice"
    return dict(found)


def test_every_file_is_served_and_nothing_else() -> None:
    assert {path.name for path in PAGE.iterdir()} == {"index.html", *UI.FILES}


def test_the_first_load_is_small() -> None:
    first = ["index.html", *UI.FILES[:3]]
    assert sum((PAGE / name).stat().st_size for name in first) < 100_000
    assert sum(path.stat().st_size for path in PAGE.iterdir()) < 150_000, "with all panels"


def test_text_becomes_markup_nowhere() -> None:
    ways = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|\beval\(|Function\("
    )
    wrong = [f"{name}: {found}" for name, text in SCRIPTS.items() for found in re.findall(ways, text)]
    assert not wrong
    assert not re.findall(
        r"https?://(?!www\.w3\.org/2000/svg|myaccount\.google\.com|contacts\.google\.com/person/)[^\s\"'…]+",
        "".join(SCRIPTS[n] for n in SCRIPTS if n != "texts.js"),
    )
    assert "style=" not in (PAGE / "index.html").read_text(encoding="utf-8")


def test_every_text_stands_in_the_one_file() -> None:
    known = texts()
    code = "".join(text for name, text in SCRIPTS.items() if name != "texts.js")
    asked = set(re.findall(r'\bt(?:\.has)?\("([^"$]+)"', code))
    assert not sorted(asked - set(known)), "no such text"
    literals = set(re.findall(r'"([\w.]+)"', code))
    built = tuple(
        re.escape(piece).replace(r"\$\{\}", ".+")
        for piece in (re.sub(r"\$\{[^}]*\}", "${}", found) for found in re.findall(r"\bt(?:\.has)?\(`([^`]+)`", code))
    )
    unused = [key for key in known if key not in literals and not any(re.fullmatch(one, key) for one in built)]
    assert not unused


def test_the_words_are_the_familiar_ones() -> None:
    known = {text.strip('"') for text in texts().values()}
    assert not [word for word in WORDS if word not in known]


@pytest.mark.parametrize("path", ["/", "/ui", "/ui/"])
def test_the_page_answers(path: str, nobody: Browser) -> None:
    answer = nobody.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(part.partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


def test_what_a_browser_has_is_not_sent_again(nobody: Browser) -> None:
    for name in ("", *(f"/{name}" for name in UI.FILES)):
        first = nobody.get(f"/ui{name}")
        assert (first.status, first.headers["Cache-Control"]) == (200, "no-cache")
        again = nobody.call("GET", f"/ui{name}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")
        assert nobody.call("GET", f"/ui{name}", headers={"If-None-Match": '"other"'}).status == 200


@pytest.mark.parametrize(
    "path", ["/ui/main.py", "/ui/page/app.js", "/ui/..%2fmain.py", "/ui/app.js/x", "/ui/nothing.js"]
)
def test_nothing_else_is_served(path: str, nobody: Browser) -> None:
    assert nobody.get(path).problem == (404, "not-found")


def test_it_takes_no_changes(nobody: Browser) -> None:
    assert nobody.post("/ui").problem == (405, "wrong-method")
    assert nobody.call("HEAD", "/ui/app.js").body == b""
