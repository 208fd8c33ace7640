"""What a student gets: the notebook, `nnlib` at this stage, the public cases, a small runner.

NumPy, Matplotlib and Jupyter are enough to work in a release folder.
"""

import ast
import importlib
import importlib.util
import shutil
import zipfile
from pathlib import Path

import nnlib

from . import build, course
from .course import CourseError
from .nbgrader import api, failure
from .references import sheets
from .sheet import save_sheets

# The runner: what `check(softmax)` in a notebook needs, and what the box runs. NumPy only.
RUNNER = ["__init__", "arrays", "attempt", "compare", "judge", "sheet"]


def release(chapter):
    """Make ``course/release/CHAPTER`` and its zip in ``book/downloads``; return the zip's path.

    Raises
    ------
    CourseError
        If nbgrader refuses the notebook.
    """
    build.build([course.chapter_of(chapter)])
    public = sheets(chapter)
    with api() as nbgrader:
        problem = failure(nbgrader.generate_assignment(chapter))
    if problem:
        raise CourseError(f"nbgrader could not release {chapter}: {problem}")
    folder = course.release_folder(chapter)
    stage(chapter, folder / "nnlib")
    runner(public.values(), folder / "autograder")
    _travel(chapter, folder)
    return _zip(folder, course.root() / "book" / "downloads" / f"{chapter}.zip")


def stage(chapter, folder):
    """Write `nnlib` as it is at a chapter: earlier modules work, the others are to build."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    now = course.CHAPTERS.index(chapter)
    for path in sorted(Path(nnlib.__file__).parent.glob("*.py")):
        home = _chapter_of_module(path.stem)
        later = home is not None and course.CHAPTERS.index(home) >= now
        text = _stubs(path, home) if later else path.read_text(encoding="utf-8")
        course.write(folder / path.name, text)


def runner(public, folder):
    """Write the small NumPy-only runner and the sheets of the public cases."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in RUNNER:
        shutil.copy(Path(__file__).with_name(f"{name}.py"), folder)
    save_sheets(public, folder / "sheets.json")


def _chapter_of_module(module):
    """Return the first chapter that has a check on a piece of the module, or None."""
    for chapter in course.CHAPTERS:
        if any(check.target.startswith(f"nnlib.{module}.")
               for check in course.checks(chapter).values()):
            return chapter
    return None


def _stubs(path, chapter):
    """Return a module in which every piece with a check says where it is built.

    What no check asks for, such as the frame `Loss`, is given; so are imports and helpers.
    """
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    parts = [f'"""{ast.get_docstring(tree)}"""']
    pieces = course.checks(chapter)
    for node in tree.body[1:]:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name not in pieces:
            parts.append(ast.get_source_segment(source, node))
        else:
            line = (f'raise NotImplementedError("{node.name} is yours to build, '
                    f'in the assignment {chapter}")')
            text = "\n".join(source.split("\n")[node.lineno - 1:node.body[0].end_lineno])
            if isinstance(node, ast.ClassDef):
                text += "\n\n    def __init__(self, *args, **kwargs):"
                line = f"    {line}"
            parts.append(f"{text}\n    {line}")
    return "\n\n\n".join(parts) + "\n"


def _travel(chapter, folder):
    """Copy the data that the page names, and draw the figures."""
    book = course.root() / "book"
    for room, name in build.travellers(chapter):
        target = folder / room / name
        target.parent.mkdir(exist_ok=True)
        if room == "data":
            if not (book / room / name).exists():
                raise CourseError(f"exercises/{chapter}.md names data/{name}, which is not in "
                                  "book/data/; put it there or correct the name")
            shutil.copy(book / room / name, target)
        else:
            _draw(book, chapter, Path(name).stem, target)


def _draw(book, chapter, name, target):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    spec = importlib.util.spec_from_file_location(
        f"figures_{chapter}", book / "figures" / f"{chapter}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, name):
        raise CourseError(f"exercises/{chapter}.md shows figures/{name}.svg, but there is no "
                          f"function {name} in book/figures/{chapter}.py")
    with pyplot.style.context(book / "nnbook.mplstyle"):
        figure = getattr(module, name)()
        figure.savefig(target, metadata={"Date": None})
        pyplot.close(figure)


def _zip(folder, path):
    """Zip a folder so that the same content gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as file:
        for item in sorted(folder.rglob("*")):
            if item.is_file() and "__pycache__" not in item.parts:
                name = f"{folder.name}/{item.relative_to(folder).as_posix()}"
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                file.writestr(info, item.read_bytes())
    return half.replace(path)
