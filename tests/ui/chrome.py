"""A real browser before the real page: Chromium, driven by Playwright; and axe-core, which looks for barriers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BUILD = Path(__file__).parent.parent.parent / "build"
SCREENSHOTS = BUILD / "screenshots"
AXE_VERSION = "4.14.1"
AXE = BUILD / "axe" / "node_modules" / "axe-core" / "axe.min.js"
NO_CHROMIUM = "Chromium not found: apt-get install chromium"
NO_AXE = "axe-core not found: npm install --prefix build/axe axe-core"
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-gpu",
    "--no-default-browser-check",
    "--no-first-run",
)
"""It runs in containers, too, and asks nobody for anything but our own page."""
PATIENCE = 30_000
"""Milliseconds that a test waits for what must come; a busy machine is slow."""
LOOKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("light", {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"}),
    ("dark", {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"}),
    ("phone", {"viewport": {"width": 375, "height": 740}, "color_scheme": "light"}),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser; skips where there is none."""
    from playwright.sync_api import expect, sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip(NO_CHROMIUM)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET])
        try:
            yield browser
        finally:
            browser.close()


def axe() -> str:
    """The script; fetched once into the build folder, and skips where that cannot be."""
    if not AXE.exists():
        npm = shutil.which("npm")
        if npm is not None:
            command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(AXE.parents[2])]
            subprocess.run(  # noqa: S603 -- nothing in it comes from elsewhere
                [*command, f"axe-core@{AXE_VERSION}"], check=False, capture_output=True, timeout=120
            )
        if not AXE.exists():
            pytest.skip(NO_AXE)
    return AXE.read_text(encoding="utf-8")


@dataclass
class Screen:
    """One window of somebody, and what a test may do with it."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    """What went wrong in the page itself."""
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _said(self, message: Any) -> None:
        # Calls that are refused are told by the browser itself; what they mean is shown in the page.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    def open(self, panel: str = "") -> None:
        self.page.goto(f"{self.url}/ui{f'#{panel}' if panel else ''}")

    def go(self, panel: str, title: str) -> None:
        """By the links at the side."""
        self.page.get_by_role("navigation").get_by_role("link", name=panel).click()
        self.heading(title)

    def heading(self, title: str) -> None:
        self.page.get_by_role("heading", level=1, name=title).wait_for()

    def press(self, name: str, *, within: str = "#app") -> None:
        self.page.locator(within).get_by_role("button", name=name, exact=True).first.click()

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def idle(self) -> None:
        """Everything that was asked for is there."""
        self.page.locator("[aria-busy]").first.wait_for(state="detached")

    def grant(self) -> None:
        self.page.get_by_role("link", name="Grant").click()
        self.page.get_by_role("button", name="Allow").click()
        self.heading("Connections")

    def connect(self, login: dict[str, str]) -> None:
        self.page.get_by_label("Address of Sugar").fill(login["address"])
        self.page.get_by_label("User name").fill(login["user_name"])
        self.page.get_by_label("Password").fill(login["password"])
        self.press("Connect Sugar")
        self.sees("Sugar is connected.")

    def picture(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def wide(self) -> bool:
        """Whether it has to be scrolled sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def violations(screen: Screen, script: str) -> list[str]:
    """What axe-core finds, of the serious kind."""
    screen.page.evaluate(script)
    found = screen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
