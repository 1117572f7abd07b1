"""Headless Chromium for tests of web pages: the fixtures `chromium` and `visit`.

Playwright's Python package drives the Chromium of the system (on Debian: apt-get install chromium); it downloads none.
Without Chromium the tests are skipped, or fail if SHICHO_REQUIRE_BROWSER is set, as it is in CI.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Visit = Callable[..., "Page"]


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """A running Chromium. It is closed after each module, because its event loop is in the way of others."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        (pytest.fail if os.environ.get("SHICHO_REQUIRE_BROWSER") else pytest.skip)("this test needs chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: "Browser") -> Iterator[Visit]:
    """Return `visit(url, width=1280, height=800, dark=False, touch=False)`, which opens a page once it is loaded.

    At the end of the test every page is closed and must have caused no error or warning in the console, no exception
    that nobody caught, and no request to another origin; a page from a file must have asked for nothing but that file.
    """
    faults: list[str] = []
    contexts = []

    def open_page(url: str, *, width: int = 1280, height: int = 800, dark: bool = False, touch: bool = False) -> "Page":
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", has_touch=touch
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: said.type in ("error", "warning") and faults.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
        page.on("request", lambda request: _own(url, request.url) or faults.append(f"request: {request.url}"))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def _own(page: str, asked: str) -> bool:
    """Whether a request of a page stays on this machine and at the page's own origin."""
    here, there = urlsplit(page), urlsplit(asked)
    if there.scheme in ("data", "blob"):
        return True
    return here[:3] == there[:3] if here.scheme == "file" else here[:2] == there[:2]


def page_width(page: "Page") -> int:
    """How many CSS pixels wide the content of a page is: more than its viewport if it scrolls sideways."""
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width
