"""Grade notebooks with Otter-Grader, one file of results each; run by Otter's own Python.

One process for all: `otter run` would start Python and import Otter again for every notebook.
"""

import json
import sys
from pathlib import Path

from otter.api import grade_submission


def main(autograder, results, *notebooks):
    """Write ``results/STUDENT.json``: for each piece, whether all its tests pass."""
    Path(results).mkdir(exist_ok=True)
    for notebook in notebooks:
        graded = grade_submission(notebook, autograder, quiet=True)
        whole = {name: test.score == test.possible for name, test in graded.results.items()}
        (Path(results) / f"{Path(notebook).stem}.json").write_text(json.dumps(whole))


if __name__ == "__main__":
    main(*sys.argv[1:])
