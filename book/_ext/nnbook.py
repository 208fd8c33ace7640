"""What Jupyter Book leaves to us: pages that run `nnlib` from the repository, without a network."""

import hashlib
import os
import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

# What the pages compute with. A change in any of these makes every cached output stale.
SOURCES = (
    "nnlib/*.py",
    "book/figures/*.py",
    "book/nnbook.mplstyle",
    "book/data/*",
    "constraints.txt",
)

# Of MathJax 3.2.2: TeX in, HTML out, its font, and speech in English for whoever turns it on.
MATHJAX = (
    "tex-mml-chtml.js",
    "a11y/*.js",
    "input/tex/extensions/*.js",
    "output/chtml/fonts/woff-v2/*.woff",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
)


def fingerprint(root):
    """Return a hash of everything in `SOURCES`, names and bytes."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(path for path in root.glob(pattern) if path.is_file()):
            digest.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def forget_stale_outputs(app, config):
    """Delete the cached outputs if the code behind the pages changed since they were computed.

    The cache compares the text of a page only; it does not see the modules that the page imports.
    """
    config.nnbook_fingerprint = fingerprint(Path(app.srcdir).parent)
    build = Path(app.outdir).parent
    stamp = build / ".nnbook_fingerprint"
    if not stamp.is_file() or stamp.read_text() != config.nnbook_fingerprint:
        shutil.rmtree(build / ".jupyter_cache", ignore_errors=True)
        build.mkdir(parents=True, exist_ok=True)
        stamp.write_text(config.nnbook_fingerprint)


def let_pages_import_nnlib(app, config):
    """Put the repository on the path of the kernels; they inherit this process' environment."""
    paths = [str(Path(app.srcdir).parent), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)


def find_bibliographies(app, config):
    """Add the chapters' bibliographies, one file a chapter, to the shared one."""
    source = Path(app.srcdir)
    chapters = sorted(str(path.relative_to(source)) for path in source.glob("references/*.bib"))
    config.bibtex_bibfiles = [*config.bibtex_bibfiles, *chapters]


def copy_mathjax(app):
    """Serve MathJax from the book itself, taken from the installed `sphinx-mathjax-offline`.

    Not from `_static`: Jupyter Book loads every script it finds there, on every page.
    """
    if app.builder.format != "html":
        return
    package = distribution("sphinx-mathjax-offline")
    source = Path(package.locate_file("sphinx-mathjax-offline/static/mathjax"))
    for path in (path for pattern in MATHJAX for path in source.glob(pattern)):
        target = Path(app.outdir) / "mathjax" / path.relative_to(source)
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


# The style sheet of the figures writes in one mid-grey. In the book it becomes ink that fits the
# page: an image follows the colour scheme of the page it stands on, whatever the system's is.
INK = """<style id="nnbook-ink">
[style*="fill: #7a7a7a"] { fill: #595959 !important }
[style*="stroke: #7a7a7a"] { stroke: #595959 !important }
@media (prefers-color-scheme: dark) {
[style*="fill: #7a7a7a"] { fill: #b8b8b8 !important }
[style*="stroke: #7a7a7a"] { stroke: #b8b8b8 !important }
}</style>"""


def ink_figures(app, exception):
    """Let the grey text of every drawn figure be dark on a light page and light on a dark one."""
    for path in Path(app.outdir).glob("_images/*.svg"):
        text = path.read_text(encoding="utf-8")
        if INK not in text:
            text = re.sub(r"<svg\b[^>]*>", lambda tag: tag.group() + INK, text, count=1)
            path.write_text(text, encoding="utf-8")


def drop_thebe(app, pagename, templatename, context, doctree):
    """Leave out the scripts of sphinx-thebe: unused here, and an error on every page.

    Jupyter Book makes it declare its constants twice.
    """

    def is_thebe(script):
        body = (getattr(script, "attributes", None) or {}).get("body") or ""
        return "THEBE" in body or "thebe" in str(getattr(script, "filename", None) or script)

    context["script_files"] = [s for s in context["script_files"] if not is_thebe(s)]
    context["css_files"] = [c for c in context["css_files"] if "thebe" not in str(c)]


def mend_bibliography(app, pagename, templatename, context, doctree):
    """Make the entries of the bibliography list items; the role docutils writes is deprecated."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app):
    # "env": Sphinx reads every page again when this value changes, so that new outputs are shown.
    app.add_config_value("nnbook_fingerprint", "", "env")
    app.connect("config-inited", forget_stale_outputs)
    app.connect("config-inited", let_pages_import_nnlib)
    app.connect("config-inited", find_bibliographies)
    app.connect("builder-inited", copy_mathjax)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", mend_bibliography)
    app.connect("build-finished", ink_figures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
