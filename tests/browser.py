"""A real browser for the tests: serve a folder, open Debian's Chromium, note what a page does.

A page is loaded once for every width and colour scheme and asked everything at once (`Visit`).
"""

import contextlib
import functools
import http.server
import threading
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that does not write a line for every request."""

    def log_message(self, *args):
        """Say nothing."""


@contextlib.contextmanager
def serve(folder):
    """Serve `folder` on a free port of this machine; yield its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def chromium():
    """Yield a headless Chromium, or say how to get one."""
    if not CHROMIUM.is_file():
        raise RuntimeError(
            f"{CHROMIUM} is missing. The tests of the book look at it in a real browser: "
            "install it with `apt-get install chromium`."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A loaded page, with the addresses outside `site` it asked for, and what it complained of."""

    page: Page
    external: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextlib.contextmanager
def visit(browser, site, path, width=1280, scheme="light", scale=1, javascript=True):
    """Load ``site/path``, wait for its formulas, yield the `Visit`; block other hosts."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        device_scale_factor=scale,
        java_script_enabled=javascript,
    )
    try:
        page = context.new_page()
        seen = Visit(page)

        def route(route):
            address = route.request.url
            if address.startswith((site, "data:", "blob:")):
                route.continue_()
            else:
                seen.external.append(address)
                route.abort()

        def on_console(message):
            if message.type in ("error", "warning"):
                seen.complaints.append(f"{message.type}: {message.text}")

        def on_response(response):
            if response.status >= 400:
                seen.complaints.append(f"{response.status}: {response.url}")

        context.route("**/*", route)
        page.on("console", on_console)
        page.on("pageerror", lambda error: seen.complaints.append(f"page error: {error}"))
        page.on("response", on_response)
        page.goto(f"{site}/{path}")
        page.wait_for_load_state("networkidle")
        if javascript:
            page.evaluate("async () => { await window.MathJax?.startup?.promise; }")
        yield seen
    finally:
        context.close()
