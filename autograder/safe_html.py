"""What a student's notebook may show in the instructor's browser: text, tables, figures, formulas.

There are three walls. `clean_notebook` takes what is active out of the notebook that is kept;
`autograder.pages` cleans again what nbconvert makes of it for feedback and formgrader; and the
pages' own policy (``templates/base/mathjax.html.j2``) lets no script run but the pages' own.
"""

import re

import nh3
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from markupsafe import escape
from nbformat import from_dict
from pygments.token import STANDARD_TYPES

TAGS = (nh3.ALLOWED_TAGS | {"tfoot"}) - {"area", "bdo", "map", "wbr"}
ATTRIBUTES = {
    "*": {"style", "title", "lang", "align"}, "a": {"href"}, "table": {"border"}, "ol": {"start"},
    "img": {"src", "alt", "width", "height"}, "col": {"span"}, "colgroup": {"span"},
    "td": {"rowspan", "colspan"}, "th": {"rowspan", "colspan", "scope"}, "details": {"open"}}
# Nothing that leaves its place, hides, or (with `_attribute`) asks for an address.
STYLES = {
    "background", "background-color", "border", "border-bottom", "border-collapse", "border-color",
    "border-left", "border-radius", "border-right", "border-spacing", "border-style", "border-top",
    "border-width", "color", "font-family", "font-size", "font-style", "font-variant",
    "font-weight", "height", "line-height", "margin", "margin-bottom", "margin-left",
    "margin-right", "margin-top", "max-width", "min-width", "padding", "padding-bottom",
    "padding-left", "padding-right", "padding-top", "text-align", "text-decoration",
    "vertical-align", "white-space", "width"}
# Only the highlighter's and pandas's: a class of formgrader's, say `full-credit`, is a button.
CLASSES = {"span": set(STANDARD_TYPES.values()) - {""}, "div": {"highlight"},
           "table": {"dataframe"}}

# The parser's time grows with the square of nested tags and of attributes.
MOST_HTML, MOST_TAGS = 200_000, 10_000
EMBEDDED = re.compile(r"base64,[A-Za-z0-9+/=]+")

IMAGES = ("image/png", "image/jpeg", "image/gif")
BASE64 = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*")
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/\s]*={0,2}\s*")
LINK = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
ADDRESS = re.compile(r"[\\@]|url|image|var\(|/\*", re.IGNORECASE)  # in a style
MACRO = re.compile(r"\\(?=(action|bbox|class|cssId|data|enclose|href|html|includegraphics|mathtip|"
                   r"mmlToken|require|style|texttip|toggle|unicode|url)(?![A-Za-z]))")
CONTROL = re.compile(  # all of a terminal's sequences but colours, and control characters
    r"\x1b[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-9:;<=>?]*[ -/]*[@-ln-~]"
    r"|\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
# Direction overrides, isolates, zero-width and tag characters; joiners are letters to languages.
HIDDEN = re.compile("[\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def clean_html(text):
    """Return HTML in which nothing runs, loads, leaves its place or imitates the page's own."""
    text = str(text)
    size = len(EMBEDDED.sub("", text))
    if size > MOST_HTML or text.count("<") > MOST_TAGS:
        return f"<pre>{escape(text[:2000])}\n… the rest is left out: too much HTML</pre>"
    return disarm(CLEANER.clean(text))


def clean_text(text):
    """Return text with colours and no other command to a terminal, and nothing hidden."""
    return show_hidden(CONTROL.sub("", text))


def show_hidden(text):
    """Spell out the characters that make text look like another."""
    return HIDDEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)


def disarm(text):
    r"""Turn LaTeX macros that reach out of a formula, as ``\href``, into their names."""
    return MACRO.sub(r"\\backslash ", text)


def clean_output(output):
    """Return a new output of a cell, without what is active.

    Parameters
    ----------
    output : dict
        A valid output. The judge's report, ``metadata.autograder``, is kept: the engine takes it
        away from outputs of the student's.

    Returns
    -------
    NotebookNode
    """
    kind = output["output_type"]
    clean = {"output_type": kind}
    if kind == "stream":
        clean |= {"name": output["name"], "text": clean_text(_joined(output["text"]))}
    elif kind == "error":
        clean |= {key: clean_text(str(output[key])) for key in ("ename", "evalue")}
        clean["traceback"] = [clean_text(str(line)) for line in output["traceback"]]
    else:
        clean |= {"data": _clean_data(output["data"]), "metadata": _clean_metadata(output)}
        if kind == "execute_result":
            clean["execution_count"] = output.get("execution_count")
    return from_dict(clean)


def clean_outputs(cell):
    """Clean the outputs of a code cell in their place."""
    if cell.cell_type == "code":
        cell.outputs = [clean_output(output) for output in cell.outputs]


def clean_notebook(notebook):
    """Clean outputs, attachments and metadata of a notebook in their place; sources stay."""
    kernel = notebook.metadata.get("kernelspec")
    notebook.metadata = from_dict({"language_info": {"name": "python"}}
                                  | ({"kernelspec": kernel} if kernel else {}))
    for cell in notebook.cells:
        kept = {"nbgrader": cell.metadata.get("nbgrader")} if "nbgrader" in cell.metadata else {}
        cell.metadata = from_dict(kept)
        if "attachments" in cell:
            cell.attachments = from_dict(_clean_attachments(cell.attachments))
        clean_outputs(cell)


def _attribute(tag, name, value):
    """Return an attribute's value, or None to drop it."""
    if name == "style":
        return None if ADDRESS.search(value) else value
    if name == "src":
        return value if IMAGE.fullmatch(value) else None
    if name == "href":
        return value if LINK.match(value) else None
    return value


def _clean_data(data):
    """Return the kinds of an output that can be shown; ``text/plain`` says if there is none."""
    kept = {}
    for kind, value in data.items():
        clean = _clean_kind(kind, _joined(value))
        if clean is not None:
            kept[kind] = clean
    left_out = ", ".join(sorted(set(data) - set(kept)))
    return kept or {"text/plain": clean_text(f"(left out: {left_out})")}


def _clean_kind(kind, value):
    if kind == "text/plain":
        return clean_text(value)
    if kind == "text/html":
        return clean_html(value)
    if kind in ("text/latex", "text/markdown"):
        return disarm(clean_text(value))
    if kind == "image/svg+xml":
        return value if _is_picture(value) else None
    return value if kind in IMAGES and BASE64.fullmatch(value) else None


def _clean_metadata(output):
    """Keep a report of the judge's and the size of an image."""
    metadata = output.get("metadata", {})
    kept = {"autograder": metadata["autograder"]} if "autograder" in metadata else {}
    for kind in IMAGES:
        size = metadata.get(kind)
        if isinstance(size, dict):
            kept[kind] = {key: size[key] for key in ("width", "height")
                          if type(size.get(key)) in (int, float)}
    return kept


def _clean_attachments(attachments):
    return {name: {kind: data for kind, data in kinds.items() if kind in IMAGES
                   and isinstance(data, str) and BASE64.fullmatch(data)}
            for name, kinds in attachments.items()}


def _is_picture(svg):
    """Return whether an SVG only draws: no script, event, foreign content or address."""
    try:
        nodes = list(fromstring(svg).iter())
    except (ParseError, DefusedXmlException, ValueError):
        return False
    for node in nodes:
        if _local(node.tag) in ("script", "foreignobject", "iframe", "handler", "animate", "set"):
            return False
        for name, value in node.attrib.items():
            link = _local(name) == "href" and not value.startswith(("#", "data:image/"))
            if link or _local(name).startswith("on"):
                return False
    return True


def _local(name):
    return str(name).rpartition("}")[2].lower()


def _joined(value):
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


CLEANER = nh3.Cleaner(
    tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_attribute, allowed_classes=CLASSES,
    filter_style_properties=STYLES, url_schemes={"http", "https", "mailto", "data"},
    clean_content_tags={"script", "style", "svg", "math", "template", "title", "textarea",
                        "iframe", "noscript", "object", "select"})
