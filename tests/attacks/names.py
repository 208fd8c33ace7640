"""Students with names that are paths, options, markup or cannot be told apart."""

from . import SOLVED, Attack, code, find

NAMES = {
    "option": "-rf",
    "long-option": "--help",
    "dots": "...",
    "encoded-path": "..%2f..%2fcourse",
    "backslashes": "..\\..\\windows",
    "substitution": "$(touch attack-mark)`touch attack-mark`;touch attack-mark",
    "percent": "%s%n{student}{0.__class__}$HOME",
    "wildcards": "*?[a-z]",
    "quotes": "O'Brien\"; DROP TABLE student; --",
    "spaces": "  two  spaces ",
    "lines": "first\nsecond\x1b[2J\r",
    "zero-width": "Ada\u200b Example\u200d\ufeff",
    "right-to-left": "\u202eelpmaxE nB\u2066",
    "homoglyph": "А\u0501а Example",  # Cyrillic
    "long": "x" * 255,
    "long-in-bytes": "é" * 125,
    "markup": "<img src=x onerror=alert(1)><script>",
    "markup-words": "{{7*7}}{% raw %}[bold red]rich[/] ![x](y)",
    "reserved": "CON",
    "hidden": ".hidden",
    "rooms": "gradebook.db",
    "numbers": "1e999",
    "neighbour-with-a-wildcard": "Ben*Example",
    "neighbour-decomposed": "Ce\u0301m Example",
    "neighbour-with-spaces": " Ada Example",
}


def odd_names(notebook):
    """Names within the notebook that look like others, or like nothing."""
    notebook["cells"][2:2] = [code("t\u0430nh = 1\nrel\u200bu = 2"), code("\u202e relu = None"),
                              code("ｔａｎｈ = lambda x: x * 0 + 0.123")]
    find(notebook, "tanh")["metadata"]["name"] = "../../attack-mark"


def lookalike(notebook):
    """Letters that Python takes for others: the full-width name is the plain one."""
    find(notebook, "tanh")["source"] = "def ｔａｎｈ(x):\n    return x * 0 + 0.123"


ATTACKS = [
    *[Attack(f"named-{name}", f"hands in from a folder called {folder[:30]!a}",
             "it is graded under that name, or a reason is named", student=folder, refused=True)
      for name, folder in NAMES.items()],
    Attack("names-in-cells", "uses names of zero width, from the right to the left, of twins",
           "they are other names, or errors", edit=odd_names, loses=SOLVED),
    Attack("twin-letters", "defines a piece in letters that Python takes for the plain ones",
           "it is judged as any", edit=lookalike),
    Attack("not-a-name", "uses zeros of width in the words of the language",
           "it costs that cell only", cells=["def\u200b f(): pass", "im\u00adport os", "x = ١٢٣"]),
]
