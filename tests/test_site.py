"""The book, built strictly and looked at in a real browser: what a reader would stumble over."""

import importlib.util
import io
import re
import shutil
import zipfile
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import yaml
from browser import chromium, serve, visit
from PIL import Image

from autograder.book import build_book
from autograder.release import release

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
TOC = yaml.safe_load((BOOK / "_toc.yml").read_text())
CHAPTERS = [entry["file"] for entry in TOC["parts"][0]["chapters"]]
LOOK_UP = [entry["file"] for entry in TOC["parts"][1]["chapters"]]
PAGES = [TOC["root"], *CHAPTERS, *LOOK_UP]
WIDTHS = [390, 1280]
SCHEMES = ["light", "dark"]

VIEWS = [(390, "light"), (1280, "light"), (1280, "dark")]

# axe-core comes with a Python package; it needs no npm.
AXE = distribution("axe-playwright-python").locate_file("axe_playwright_python/axe.min.js")
AXE = Path(AXE).read_text(encoding="utf-8")
AXE_RUN = """axe.run({exclude: [['mjx-container'], ['mjx-assistive-mml']]},
    {resultTypes: ['violations'], preload: false})"""
# The theme's side bar is no landmark (axe: "region"); no page of ours can mend that.
FAULTS_OF_THE_THEME = ['<div class="sidebar-primary-item">']


@pytest.fixture(scope="session")
def html(tmp_path_factory):
    """Release every assignment, build the book strictly into an empty folder; return the folder."""
    for chapter in CHAPTERS:
        release(chapter)
    return build_book(tmp_path_factory.mktemp("book")).parent


@pytest.fixture(scope="module")
def site(html):
    with serve(html) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


class Reader(HTMLParser):
    """What the tests ask of a page's HTML: its ids, its links, its images."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.images = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.update(attrs[key] for key in ("id", "name") if attrs.get(key))
        self.links += [(tag, attrs[key]) for key in ("href", "src") if attrs.get(key)]
        if tag == "img":
            self.images.append(attrs)


@cache
def read(path):
    return Reader(path.read_text(encoding="utf-8"))


def external(link):
    return bool(urlsplit(link).scheme or urlsplit(link).netloc)


# The build


@pytest.mark.parametrize("page", PAGES)
def test_the_strict_build_writes_every_page(html, page):
    assert (html / f"{page}.html").is_file()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_download_leads_somewhere(html, page):
    source = html / f"{page}.html"
    missing = []
    for _, link in read(source).links:
        if external(link):
            continue
        path, _, fragment = link.partition("#")
        target = (source.parent / unquote(path.partition("?")[0])) if path else source
        target = target / "index.html" if target.is_dir() else target
        found = target.is_file()
        if found and fragment and target.suffix == ".html":
            found = unquote(fragment) in read(target).ids
        if not found:
            missing.append(link)
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_no_script_style_or_image_comes_from_elsewhere(html, page):
    links = read(html / f"{page}.html").links
    assert not [link for tag, link in links if tag != "a" and external(link)]


@pytest.mark.parametrize("page", PAGES)
def test_every_image_says_what_it_shows(html, page):
    silent = [i for i in read(html / f"{page}.html").images if len(i.get("alt") or "") < 10]
    assert not silent


def test_every_chapter_and_the_front_page_offer_the_assignment(html):
    for page, chapters in [("index", CHAPTERS), *((name, [name]) for name in CHAPTERS)]:
        files = {Path(link).name for _, link in read(html / f"{page}.html").links}
        assert files >= {f"{chapter}.zip" for chapter in chapters}, page


def test_the_downloads_open_and_hold_a_notebook(html):
    zips = sorted((html / "_downloads").rglob("*.zip"))
    assert {path.stem for path in zips} == set(CHAPTERS)
    for path in zips:
        with zipfile.ZipFile(path) as content:
            assert content.testzip() is None
            assert f"{path.stem}/{path.stem}.ipynb" in content.namelist()


def test_the_footer_names_both_licences(html):
    text = (html / "index.html").read_text(encoding="utf-8")
    assert "CC BY 4.0" in text and "BSD-3-Clause" in text


# In the browser


@dataclass
class Look:
    """What a reader meets on a page, at one width and in one colour scheme."""

    external: list
    complaints: list
    width: int
    theme: str
    background: str
    formulas: int
    broken_formulas: int
    cut_formulas: list
    carded: int
    barriers: dict
    faint: list


@pytest.fixture(scope="module")
def look(browser, site):
    """Return a function that loads a page once and remembers what it saw."""

    @cache
    def look(page, width, scheme):
        with visit(browser, site, f"{page}.html", width, scheme, scale=2) as seen:
            return Look(
                external=list(seen.external),
                complaints=list(seen.complaints),
                width=seen.page.evaluate("document.documentElement.scrollWidth"),
                theme=seen.page.evaluate("document.documentElement.dataset.theme"),
                background=seen.page.evaluate("getComputedStyle(document.body).backgroundColor"),
                formulas=seen.page.locator("mjx-container").count(),
                broken_formulas=seen.page.locator("mjx-merror").count(),
                cut_formulas=seen.page.evaluate(CUT_FORMULAS),
                carded=seen.page.evaluate(CARDED_FIGURES),
                barriers=barriers(seen.page) if width > 390 else {},
                faint=faint_texts(seen.page, scale=2) if width > 390 else [],
            )

    return look


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("page", [*PAGES, "search", "genindex"])
def test_a_page_is_quiet_and_fits(look, page, width, scheme):
    seen = look(page, width, scheme)
    assert not seen.external, "a page must not ask anything of another host"
    assert not seen.complaints
    assert seen.width <= width


@pytest.mark.parametrize("page", PAGES)
def test_every_formula_is_set(look, html, page):
    seen = look(page, 1280, "light")
    written = (html / f"{page}.html").read_text(encoding="utf-8").count('class="math ')
    assert seen.formulas >= written
    assert seen.broken_formulas == 0


@pytest.mark.parametrize("page", PAGES)
def test_display_formulas_are_not_cut_on_a_phone(look, page):
    assert not look(page, 390, "light").cut_formulas


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_no_barrier(look, page, scheme):
    assert not look(page, 1280, scheme).barriers


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_follows_the_readers_colour_scheme(look, scheme):
    seen = look("index", 1280, scheme)
    assert seen.theme == scheme
    background = [int(n) for n in re.findall(r"\d+", seen.background)[:3]]
    assert (luminance(background) < 0.1) == (scheme == "dark")


@pytest.mark.parametrize("page", PAGES)
def test_figures_stand_on_the_page_itself_in_dark_mode(look, page):
    assert look(page, 1280, "dark").carded == 0


def test_figures_change_ink_with_the_theme_button(browser, site):
    with visit(browser, site, "notation.html", scheme="light") as seen:
        figure = seen.page.locator(".bd-article img").first
        light = brightness(figure.screenshot())
        while seen.page.evaluate("document.documentElement.dataset.theme") != "dark":
            seen.page.locator("button.theme-switch-button").first.click()
        seen.page.mouse.move(0, 0)
        seen.page.wait_for_timeout(300)
        dark = brightness(figure.screenshot())
    assert light.min() < 0.15 and light.max() > 0.9
    assert dark.min() < 0.02 and dark.max() > 0.4


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("page", PAGES)
def test_text_in_figures_can_be_read(look, page, scheme):
    """Every text of every drawn figure stands out from what is behind it, measured in pixels."""
    assert not look(page, 1280, scheme).faint


CUT_FORMULAS = """() => [...document.querySelectorAll('mjx-container[display="true"]')]
    .filter((box) => Math.max(box.scrollWidth, box.parentElement.scrollWidth)
        > box.parentElement.clientWidth + 1)
    .map((box) => box.querySelector('mjx-assistive-mml')?.textContent.slice(0, 80))"""

CARDED_FIGURES = """() => [...document.querySelectorAll('.bd-article img')].map(getComputedStyle)
    .filter((s) => s.filter !== 'none' || s.backgroundColor !== 'rgba(0, 0, 0, 0)').length"""

INLINE_FIGURES = """async () => {
    const pictures = [...document.querySelectorAll('.bd-article img')]
        .filter((image) => image.src.endsWith('.svg') && image.getBoundingClientRect().width > 0);
    for (const [i, image] of pictures.entries()) {
        const text = await (await fetch(image.src)).text();
        const box = document.createElement('div');
        box.id = `figure-under-test-${i}`;
        box.style.width = `${image.getBoundingClientRect().width}px`;
        box.innerHTML = text.slice(text.indexOf('<svg'));
        const svg = box.querySelector('svg');
        svg.setAttribute('width', '100%');
        svg.removeAttribute('height');
        image.replaceWith(box);
    }
    return pictures.length;
}"""

# Matplotlib writes each text as a group with an id "text_...", and the words as a comment in it.
TEXT_BOXES = """(box) => {
    const frame = box.getBoundingClientRect();
    return [...box.querySelectorAll('g[id^="text_"]')].map((group) => {
        const r = group.getBoundingClientRect();
        const label = [...group.childNodes].find((node) => node.nodeType === 8);
        return [label ? label.data.trim() : group.id,
                r.left - frame.left, r.top - frame.top, r.width, r.height];
    }).filter(([, , , width, height]) => width > 0 && height > 0);
}"""


def barriers(page):
    """Return what axe-core finds, by rule, less the theme's own faults."""
    page.evaluate(AXE)
    found = {}
    for rule in page.evaluate(AXE_RUN)["violations"]:
        nodes = [node["html"] for node in rule["nodes"]]
        nodes = [html for html in nodes if not any(fault in html for fault in FAULTS_OF_THE_THEME)]
        if nodes:
            found[rule["id"]] = nodes
    return found


def faint_texts(page, scale):
    """Return every text in a drawn figure with less contrast than WCAG AA asks for, 4.5.

    For marks, such as a cross, it asks for 3.
    """
    faint = []
    for i in range(page.evaluate(INLINE_FIGURES)):
        figure = page.locator(f"#figure-under-test-{i}")
        pixels = pixels_of(figure.screenshot())
        for label, *box in figure.evaluate(TEXT_BOXES):
            x, y, width, height = (round(scale * value) for value in box)
            patch = pixels[max(y, 0) : y + height + 1, max(x, 0) : x + width + 1]
            needed = 4.5 if any(map(str.isalnum, label)) else 3.0
            if patch.size and contrast(patch) < needed:
                faint.append((i, label, round(contrast(patch), 2)))
    return faint


def pixels_of(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def brightness(png):
    """Return the relative luminance of every pixel of a picture."""
    return luminance(pixels_of(png))


def contrast(patch):
    """Return the WCAG contrast between a patch's commonest colour and the one farthest from it."""
    packed = patch.reshape(-1, 3).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, counts = np.unique(packed, return_counts=True)
    light = luminance(colours[:, np.newaxis] >> np.array([16, 8, 0], np.uint32) & 255)
    behind = light[counts.argmax()]
    return float(((np.maximum(light, behind) + 0.05) / (np.minimum(light, behind) + 0.05)).max())


def luminance(colour):
    """Return the relative luminance of sRGB colours, as WCAG 2.2 defines it."""
    c = np.asarray(colour) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


# What reacts


def demos(html, page):
    """Return the names of everything interactive on a page."""
    text = (html / f"{page}.html").read_text(encoding="utf-8")
    return re.findall(r'class="nn-interactive"[^>]*data-demo="([^"]+)"', text)


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_chapter_has_something_to_try(html, page):
    assert demos(html, page)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", CHAPTERS)
def test_every_control_changes_what_is_shown_from_the_keyboard(browser, site, html, page, width):
    idle = []
    with visit(browser, site, f"{page}.html", width) as seen:
        for name in demos(html, page):
            demo = seen.page.locator(f'.nn-interactive[data-demo="{name}"]')
            controls = demo.locator("input, select, button, [role=slider]")
            assert controls.count() > 0, f"{name} has no control"
            for i in range(controls.count()):
                control = controls.nth(i)
                if control.is_visible() and control.is_enabled():
                    before = shown(demo)
                    use(control)
                    if shown(demo) == before:
                        idle.append((name, control.evaluate("(e) => e.outerHTML")[:120]))
        assert not seen.complaints
    assert not idle


def shown(demo):
    """Return what a demo shows: its markup and the pixels of its canvases."""
    return demo.evaluate(
        "(e) => [e.innerHTML, ...[...e.querySelectorAll('canvas')].map((c) => c.toDataURL())]"
    )


def use(control):
    """Move a control with keys alone."""
    kind = control.evaluate("(e) => e.type ?? e.getAttribute('role')")
    control.focus()
    if kind in ("range", "slider"):
        at_end = control.evaluate("(e) => e.value !== undefined && e.value === e.max")
        for _ in range(3):
            control.press("ArrowLeft" if at_end else "ArrowRight")
    elif kind in ("text", "number"):
        control.fill("5, 4" if "," in control.input_value() else "1")
        control.press("Enter")
    elif kind == "select-one":
        control.press("ArrowUp" if control.evaluate("(e) => e.selectedIndex > 0") else "ArrowDown")
    elif kind == "radio":
        control.press("ArrowDown")
    else:
        control.press("Space")


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_demo_shows_something_without_javascript(browser, site, html, page):
    with visit(browser, site, f"{page}.html", javascript=False) as seen:
        for name in demos(html, page):
            demo = seen.page.locator(f'.nn-interactive[data-demo="{name}"]')
            assert demo.inner_text().strip() or demo.locator("img, svg").count(), name


# The extension


@pytest.fixture
def nnbook():
    spec = importlib.util.spec_from_file_location("nnbook", BOOK / "_ext" / "nnbook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["nnlib/tensors.py", "book/figures/tensors.py", "book/data/x.csv"])
def test_a_change_behind_the_pages_makes_their_outputs_stale(nnbook, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text("1")
    before = nnbook.fingerprint(tmp_path)
    path.write_text("2")
    assert nnbook.fingerprint(tmp_path) != before


def test_stale_outputs_are_forgotten_and_fresh_ones_kept(nnbook, tmp_path):
    class Config:
        nnbook_fingerprint = ""

    class App:
        srcdir = tmp_path / "book"
        outdir = tmp_path / "_build" / "html"

    (tmp_path / "nnlib").mkdir()
    cache = tmp_path / "_build" / ".jupyter_cache"
    for text, kept in [("1", False), ("1", True), ("2", False)]:
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True)
        (tmp_path / "nnlib" / "tensors.py").write_text(text)
        nnbook.forget_stale_outputs(App, Config)
        assert cache.exists() == kept
