"""nbgrader's own commands work in this folder: same course, same engine, same grade book."""

from pathlib import Path

from autograder.nbgrader import Execute, Restore

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
    "nbgrader.preprocessors.ClearOutput", Restore, "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells", "nbgrader.preprocessors.CheckCellMetadata"]
c.Autograde.autograde_preprocessors = [
    Execute, "nbgrader.preprocessors.LimitOutput", "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties", "nbgrader.preprocessors.CheckCellMetadata"]
