"""What a course sets in its `nbgrader_config.py`."""

from . import course
from .sandbox import Limits


def configuration():
    """Return nbgrader's configuration of the course."""
    from traitlets.config import PyFileConfigLoader

    return PyFileConfigLoader("nbgrader_config.py", path=str(course.root())).load_config()


def limits(options):
    """Return the limits of a submission from the traits of `Execute`, or what is set of them."""
    return Limits(cell=options.get("cell_seconds", Limits.cell),
                  call=options.get("call_seconds", Limits.call),
                  notebook=options.get("notebook_seconds", Limits.notebook),
                  memory=options.get("memory_mib", Limits.memory // 2**20) * 2**20)
