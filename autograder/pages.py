"""How nbconvert renders a graded notebook, in feedback and in formgrader alike: cleaned.

``nbgrader_config.py`` names all this to nbconvert's exporter, so that nbgrader's own commands
make the same pages.
"""

from jinja2 import pass_context
from markupsafe import escape
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor

from .safe_html import clean_html, clean_notebook, show_hidden

MOST_CELLS = 1000
MOST_CODE = 200_000  # characters of a cell
MOST_MARKDOWN = 20_000  # less: the parser's time grows with the square of what is left open


class CleanNotebook(Preprocessor):
    """The step before a page is rendered: what lies on disk may be older than the rules."""

    def preprocess(self, nb, resources):
        nb.cells = [cell for number, cell in enumerate(nb.cells)
                    if number < MOST_CELLS or "nbgrader" in cell.metadata]
        clean_notebook(nb)
        for cell in nb.cells:
            cell.source = show_hidden(cell.source)
        return nb, resources


@pass_context
def markdown2html(context, source):
    """Render Markdown as nbconvert does, and clean it; show as it is what cannot be rendered."""
    cell = context.get("cell") or {}
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True,
                               attachments=cell.get("attachments", {}))
    try:
        if len(source) > MOST_MARKDOWN:
            raise ValueError("too long")
        return clean_html(MarkdownWithMath(renderer=renderer).render(source))
    except Exception:  # a missing attachment, a thousand nested quotes
        return f"<pre>{escape(source[:MOST_CODE])}</pre>"


def highlight_code(source, language=None, metadata=None):
    """Colour source code as Python: a notebook's metadata may name any language."""
    if len(source) > MOST_CODE:
        source = source[:MOST_CODE] + "\n# … the rest is left out"
    return Highlight2HTML(pygments_lexer="ipython3")(source)
