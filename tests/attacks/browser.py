"""Outputs and texts aimed at the browser of who reads them. That nothing runs is tested there."""

from . import Attack, code, find

SCRIPT = "<script>fetch('/api/attack-mark')</script><img src=x onerror=alert(1)>"


def texts(notebook):
    """Put markup into all that is shown as text."""
    find(notebook, "why_not_linear")["source"] = (
        f"{SCRIPT}\n\n[link](javascript:alert(1))\n\n<iframe srcdoc=\"{SCRIPT}\"></iframe>\n\n"
        "<svg onload=alert(1)>\n\n</div></body></html>\n\n<style>body {display: none}</style>")
    notebook["metadata"] |= {"title": SCRIPT, "authors": [{"name": SCRIPT}]}
    notebook["cells"].append({"cell_type": "raw", "source": SCRIPT,
                              "metadata": {"raw_mimetype": "text/html", "format": "text/html"}})


def formulas(notebook):
    find(notebook, "why_not_linear")["source"] = (
        r"$\href{javascript:alert(1)}{x}$ $$\require{html}\style{position:fixed}{x}$$ "
        r"$\def\a{\a\a}\a$ $\input{/etc/passwd}$ \write18{touch attack-mark} "
        + "$" + r"\frac{1}{" * 3000 + "}" * 3000 + "$")
    notebook["cells"].append(code("from IPython.display import Latex\n"
                                  r"Latex(r'\write18{x} $\unicode{x1F4A9}$')"))


ATTACKS = [
    Attack("html", "displays HTML with scripts, frames, forms and handlers",
           "the points are the pieces'", cells=[f'''
from IPython.display import HTML, IFrame, Markdown, SVG, Javascript
script = {SCRIPT!r}
display(HTML(script + "<form action=/api><input name=a></form><base href=//x>"))
display(HTML("<meta http-equiv=refresh content='0;url=//x'>"))
display(Markdown(script), SVG("<svg onload='alert(1)'></svg>"), IFrame("javascript:alert(1)", 9, 9))
display(Javascript("IPython.notebook.kernel.execute('attack-mark')"))
display({{"text/html": script, "text/plain": script, "image/svg+xml": script}}, raw=True)
''', '''
class Shown:
    _repr_html_ = _repr_javascript_ = lambda self: script
Shown()
''', "raise type(script, (Exception,), {})(script)"]),
    Attack("more-types", "displays types that some readers run or load",
           "the points are the pieces'", cells=[f'''
for kind in ("application/javascript", "application/vnd.jupyter.widget-view+json", "text/latex",
             "application/vnd.bokehjs_exec.v0+json", "application/x-nteract", "application/pdf",
             "application/vnd.plotly.v1+json", "application/geo+json", "text/vnd.mermaid"):
    display({{kind: {SCRIPT!r}, "text/plain": "x"}}, raw=True,
            metadata={{kind: {{"isolated": True}}}})
''']),
    Attack("markup-in-text", "writes scripts into answers in words and raw cells",
           "the points are the pieces'", edit=texts),
    Attack("latex", "writes formulas that load, loop or never end",
           "the points are the pieces'", edit=formulas),
    Attack("ansi", "prints codes that colour, hide, move, link and rename",
           "the points are the pieces'", cells=[r'''
print("\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07 \x1b[8mhidden\x1b[0m \x1b[31;1;999999m")
print("\x1b[" * 99999 + "\x1bPq" + "\x9b2J" + "\x1b]52;c;AAAA\x07")
raise ValueError("\x1b[38;2;1;2;3m<script>alert(1)</script>" + "\x1b[0;" * 9999)
''']),
    Attack("markup-from-pieces", "lets pieces fail with messages that are markup",
           "the message is told as text",
           pieces={"tanh": f"def tanh(x):\n    raise ValueError({SCRIPT!r})",
                   "step": f"def step(x):\n    raise type({SCRIPT!r}, (Exception,), {{}})('x')",
                   "softplus": f"def softplus(x):\n    return type({SCRIPT!r}, (), {{}})()",
                   "elu": f"def elu(x, alpha=1.0):\n    return {{{SCRIPT!r}: x, 'b': x}}"}),
    Attack("images", "displays pictures that are none, huge, or hold scripts",
           "the points are the pieces'", cells=['''
from IPython.display import Image
display(Image(data=b"\\x89PNG\\r\\n\\x1a\\n" + b"<script>" * 99, format="png"))
display({"image/png": "\\"><script>alert(1)</script>", "text/plain": "x"}, raw=True)
display(Image(url="javascript:alert(1)"), Image(url="file:///etc/passwd"))
''']),
]
