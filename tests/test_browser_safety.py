"""A hostile notebook, opened by whoever grades it: in a real browser, feedback and formgrader."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import hostile
import nbformat
import pytest
from browser import chromium
from conftest import Clone, copy_course
from nbformat.v4 import new_output
from nbgrader.api import Gradebook

from autograder.judge import CaseReport, Report
from autograder.safe_html import clean_html, clean_output, clean_text

WHO = ("activations", "Mallory")


class Canary(BaseHTTPRequestHandler):
    """A server that nobody may ask for anything; it remembers who did."""

    def __init__(self, asked, *arguments):
        self.asked = asked
        super().__init__(*arguments)

    def do_GET(self):
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def canary():
    asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Canary, asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}", asked=asked)
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def graded(tmp_path_factory, canary):
    """A course in which a hostile student has handed in, is graded, and has a page."""
    clone = copy_course(tmp_path_factory.mktemp("hostile"))
    assignment, student = WHO
    done = clone.run("release", assignment)
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(released(clone), as_version=4)
    path = clone.root / "class" / student / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(hostile.written(notebook, canary.address), path)
    for arguments in (["collect", "class"], ["grade", "--no-sandbox"], ["feedback"]):
        done = clone.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    return clone


@pytest.fixture(scope="module")
def unguarded(graded, canary, tmp_path_factory):
    """The same with a hostile notebook on disk that nothing has cleaned."""
    return with_notebook(graded, tmp_path_factory.mktemp("disk"), canary.address)


@pytest.fixture(scope="module")
def stock(graded, canary, tmp_path_factory):
    """The same again, with nbgrader's own pages."""
    clone = with_notebook(graded, tmp_path_factory.mktemp("stock"), canary.address, breaking=False)
    with (clone.root / "nbgrader_config.py").open("a") as file:
        file.write('\ndel c["HTMLExporter"]\n')
    return clone


def with_notebook(clone, folder, canary, **options):
    clone = Clone(Path(shutil.copytree(clone.root, folder / "course")))
    path = autograded(clone)
    notebook = hostile.executed(nbformat.read(path, as_version=4), canary, **options)
    path.chmod(0o644)
    nbformat.write(notebook, path)
    return clone


def released(clone):
    return clone.root / "course" / "release" / WHO[0] / f"{WHO[0]}.ipynb"


def autograded(clone):
    return clone.root / "course" / "autograded" / WHO[1] / WHO[0] / f"{WHO[0]}.ipynb"


@contextlib.contextmanager
def formgrader(clone):
    """Start a Jupyter server on a course; yield the student's page and the log-in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = clone.root / "home"
    environment = os.environ | {"PYTHONPATH": str(clone.root), "HOME": str(home)}
    options = ["--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
               f"--ServerApp.port={port}", "--IdentityProvider.token=t", "--no-browser",
               "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={clone.root}"]
    with open(clone.root / "server.log", "w") as log:
        server = subprocess.Popen([sys.executable, "-m", "jupyter_server", *options],
                                  cwd=clone.root, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api?token=t")
        yield f"{address}/formgrader/submissions/{page_id(clone)}/", f"{address}/login?token=t"
    finally:
        server.terminate()
        server.wait(20)


def wait_for(address, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(address, timeout=5).read()
        except OSError:
            assert time.monotonic() < end, f"nothing answers at {address}"
            time.sleep(0.2)


def page_id(clone):
    where = f"sqlite:///{clone.root / 'course' / 'gradebook.db'}"
    with Gradebook(where, "neural-networks") as book:
        return book.find_submission_notebook(WHO[0], *WHO).id


def visit(browser, address, login="", clicks=False):
    """Open a page as its reader does; return what it did that it must not."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, dialogs, said = context.new_page(), [], []
    context.route(re.compile("https://"), lambda route: route.abort())
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: said.append(message.text))
    try:
        if login:
            page.goto(login)
        page.goto(address, wait_until="load")
        for lure in page.get_by_text("a figure", exact=True).all() if clicks else ():
            with contextlib.suppress(Exception):  # covered, or out of sight
                lure.click(timeout=300, no_wait_after=True)
        page.wait_for_timeout(2000)
        refused = [text for text in said if "Content Security Policy" in text
                   and "Loading the font" not in text]  # Bootstrap's, which is not there anyway
        return SimpleNamespace(dialogs=dialogs, stayed=page.url == address,
                               tabs=len(context.pages), refused=refused)
    finally:
        context.close()


def files(clone):
    return sorted(path.name for path in clone.root.rglob("*pwned*"))


def test_stock_pages_run_what_a_student_wrote(stock, browser, canary):
    canary.asked.clear()
    with formgrader(stock) as (address, login):
        visit(browser, address, login)
    ran = {path for path in canary.asked if path.startswith("/ran/")}
    assert len(ran) >= 10 and len(set(canary.asked) - ran) >= 10
    assert files(stock), "a script could not even write a file"


def test_formgrader_runs_nothing_even_of_an_unclean_notebook(unguarded, browser, canary):
    canary.asked.clear()
    with formgrader(unguarded) as (address, login):
        seen = visit(browser, address, login, clicks=True)
    assert (seen.dialogs, canary.asked, files(unguarded)) == ([], [], [])
    assert seen.stayed and seen.tabs == 1
    assert not seen.refused, "the policy had to stop what cleaning should have taken out"


def test_feedback_runs_nothing(graded, browser, canary):
    canary.asked.clear()
    page = graded.root / "course" / "feedback" / WHO[1] / WHO[0] / f"{WHO[0]}.html"
    seen = visit(browser, page.as_uri(), clicks=True)
    assert (seen.dialogs, canary.asked, seen.stayed, seen.tabs) == ([], [], True, 1)
    assert not seen.refused


def test_the_policy_alone_stops_a_script(graded, browser, canary, tmp_path):
    canary.asked.clear()
    page = graded.root / "course" / "feedback" / WHO[1] / WHO[0] / f"{WHO[0]}.html"
    markup, _ = hostile.vectors(canary.address)
    for name in ("base", "refresh", "relative link", "link"):  # no policy knows these
        del markup[name]
    text = page.read_text(encoding="utf-8").replace("</body>", "".join(markup.values()) + "</body>")
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    seen = visit(browser, (tmp_path / "page.html").as_uri())
    assert (seen.dialogs, canary.asked) == ([], []) and seen.refused


def test_the_notebook_that_is_kept_holds_nothing_active(graded):
    notebook = nbformat.read(autograded(graded), as_version=4)
    kept = [(kind, text) for cell in notebook.cells for output in cell.get("outputs", [])
            for kind, text in output.get("data", {}).items()]
    assert {kind for kind, _ in kept} <= {
        "text/plain", "text/html", "text/markdown", "text/latex", "image/png"}
    shown = "".join(text for kind, text in kept if kind == "text/html")
    assert not re.search(r"<script|<style|<[^>]*\b(on\w+=|javascript|srcdoc|\w+-credit)", shown)
    assert "\\u001b]" not in autograded(graded).read_text(encoding="utf-8")


def test_pages_are_those_of_nbgraders_own_command(graded):
    page = graded.root / "course" / "feedback" / WHO[1] / WHO[0] / f"{WHO[0]}.html"
    ours = page.read_bytes()
    environment = os.environ | {"PYTHONPATH": str(graded.root)}
    done = subprocess.run([sys.executable, "-m", "nbgrader", "generate_feedback", WHO[0],
                           "--force", f"--student={WHO[1]}"], cwd=graded.root, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert page.read_bytes() == ours


def test_ordinary_output_survives():
    table = '<table border="1" class="dataframe"><tbody><tr><td>1</td></tr></tbody></table>'
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0" style="fill:#f00"></path></svg>'
    data = {"text/html": table, "text/latex": r"$\\frac{1}{2}$", "image/png": "iVBORw0KGgo=\n",
            "image/svg+xml": svg, "text/plain": "\x1b[31mred\x1b[0m"}
    metadata = {"image/png": {"width": 300, "height": 200}}
    output = new_output("display_data", data, metadata=metadata)
    assert clean_output(output) == output


def test_a_report_of_the_judge_survives():
    report = Report("softmax", [CaseReport("<b>one</b>", 0.0, 1.0, "got <i>", "x = 1",
                                           "a mistake", "a hint")])
    shown = clean_html(report._repr_html_())
    assert "&lt;b&gt;one&lt;/b&gt;" in shown and "<i>" not in shown
    assert re.sub("<[^>]*>", "", shown) == re.sub("<[^>]*>", "", report._repr_html_())
    assert "color:#b34700" in shown and "border:1px solid #bbb" in shown


@pytest.mark.parametrize(("text", "shown"), [
    ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
    ("\x1b[2J\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
    ("admin\u202egpj.exe", "admin‹U+202E›gpj.exe"),
    ("a\x08\x00b\r\n\tc", "ab\r\n\tc"),
])
def test_text_keeps_colours_and_hides_nothing(text, shown):
    assert clean_text(text) == shown


def test_html_without_measure_is_cut_in_time():
    for text in ("<div>" * 100_000, "<b " + " ".join(f"a{n}" for n in range(100_000))):
        start = time.perf_counter()
        assert "left out" in clean_html(text)
        assert time.perf_counter() - start < 1


def test_plain_text_costs_next_to_nothing():
    output = new_output("execute_result", {"text/plain": "array([1.0, 2.0])"}, execution_count=1)
    start = time.perf_counter()
    for _ in range(1000):
        clean_output(output)
    assert time.perf_counter() - start < 0.2
