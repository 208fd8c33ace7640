"""nbgrader's own commands work in this folder: same course, same engine, same grade book."""

from importlib.util import find_spec
from pathlib import Path

root = Path(__file__).resolve().parent
c = get_config()  # noqa: F821  (nbgrader puts it here)

c.CourseDirectory.course_id = "neural-networks"
c.CourseDirectory.root = str(root)
c.CourseDirectory.db_url = f"sqlite:///{root / 'course' / 'gradebook.db'}"
c.CourseDirectory.source_directory = "solutions"
for step in ("release", "submitted", "autograded", "feedback", "source_with_tests"):
    setattr(c.CourseDirectory, f"{step}_directory", f"course/{step}")

# Two changes to nbgrader's list of steps: cells are put back from the instructor's notebook, and
# the student's code runs in our box.
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput", "autograder.nbgrader.Restore",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells", "nbgrader.preprocessors.CheckCellMetadata"]
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader.Execute", "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties", "nbgrader.preprocessors.CheckCellMetadata"]

# What a student wrote is cleaned before it is shown, in feedback and in the formgrader.
c.HTMLExporter.preprocessors = ["autograder.pages.CleanNotebook"]
c.HTMLExporter.filters = {"clean_html": "autograder.safe_html.clean_html",
                          "highlight_code": "autograder.pages.highlight_code",
                          "markdown2html": "autograder.pages.markdown2html"}
c.HTMLExporter.extra_template_basedirs = [
    str(Path(find_spec(package).origin).parent / folder) for package, folder in (
        ("nbgrader", "server_extensions/formgrader/templates"), ("autograder", "templates"))]
