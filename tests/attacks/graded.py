"""A course with secrets, a class that is graded in it, and what is left of both."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from conftest import ROOT, Clone

from . import SOLVED, find, solve, submission
from .ward import NOBODY, as_ordinary_user, canary, interpreter, walled

BYSTANDER = Path(__file__).with_name("bystander.py")
ADA, BEN, CEM = HONEST = "Ada Example", "Ben-Example", "Cém Example"
OWN_WORK = '''
print("shapes", [f(np.ones((2, 3))).shape for f in (relu, sigmoid, softmax)])
plt.plot(z, relu(z))
plt.show()
1 / 0
'''


class Ward:
    """A course with secrets, and what is left of it after a class was graded."""

    def __init__(self, recorded, servers, user):
        self.base = Path(tempfile.mkdtemp(prefix="ward-"))
        self.user, self.servers = user, servers
        self.home, self.temporary = self.base / "home", self.base / "tmp"
        self.clone = Clone(Path(shutil.copytree(recorded.root, self.base / "house")))
        self.secrets = {what: canary(what) for what in ("token", "key", "note", "answers", "ada")}
        self._furnish()

    def _furnish(self):
        self.temporary.mkdir()
        (self.home / ".ssh").mkdir(parents=True)
        (self.home / ".ssh" / "id_canary").write_text(self.secrets["key"])
        (self.home / ".netrc").write_text(self.secrets["key"])
        house = self.clone.root / "course"
        (house / "secret.txt").write_text(self.secrets["note"])
        path = house / "references" / "activations" / "tanh.json"
        answers = json.loads(path.read_text(encoding="utf-8")) | {"note": self.secrets["answers"]}
        path.write_text(json.dumps(answers))

    @property
    def facts(self):
        """What attackers know of this machine: all but the secrets."""
        return {"ROOT": self.clone.root, "HOME": self.home, "TMP": self.temporary,
                "SITE": sysconfig.get_path("purelib"), "REPOSITORY": ROOT, "NEIGHBOUR": ADA,
                "TCP": self.servers.tcp, "UDP": self.servers.udp, "UNIX": self.servers.path,
                "ABSTRACT": self.servers.name}

    def hand_in(self, attacks):
        released = json.loads((self.clone.root / "course/release/activations/activations.ipynb")
                              .read_text(encoding="utf-8"))
        last = released["cells"].index(find(released, "choose_the_output_layer"))
        del released["cells"][last + 1:]  # twelve plots, for which nobody is given points
        solutions = json.loads((ROOT / "solutions/activations/activations.ipynb")
                               .read_text(encoding="utf-8"))
        base = solve(released, solutions, SOLVED)
        pieces = [c["metadata"]["nbgrader"]["grade_id"] for c in released["cells"]
                  if c["cell_type"] == "code" and c["metadata"].get("nbgrader", {}).get("solution")]
        ada, cem = solve(released, solutions, pieces), solve(released, solutions, SOLVED)
        find(ada, "why_not_linear")["source"] = f"All linear: {self.secrets['ada']}"
        find(cem, "log_softmax")["source"] += OWN_WORK
        for name, notebook in zip(HONEST, (ada, base, cem), strict=True):
            self._put(name, json.dumps(notebook).encode())
        for attack in attacks:
            self._put(attack.folder, submission(attack, base, self.facts))
        done = self.clone.run("collect", "handed_in", "activations", "--json")
        assert done.stdout, done.stderr
        self.collected = json.loads(done.stdout)
        for attack in attacks:
            if attack.beside:
                attack.beside(self.clone.root / "course" / "submitted" / attack.folder
                              / "activations", self.clone.root)

    def _put(self, student, data):
        folder = self.clone.root / "handed_in" / student
        folder.mkdir(parents=True)
        (folder / "activations.ipynb").write_bytes(data)
        os.utime(folder / "activations.ipynb", (10**9, 10**9))

    def grade(self):
        """Grade the class once, and keep what was seen."""
        if self.user == "ordinary user" and os.geteuid() == 0:
            subprocess.run(["chown", "-Rh", f"{NOBODY}:{NOBODY}", self.base], check=True)
        self.base.chmod(0o755)
        self.before = self.snapshot()
        wrapped = as_ordinary_user(*interpreter()) if self.user == "ordinary user" else []
        report = self.temporary.with_name("report.json")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "PYTEST"))}
        environment |= {"HOME": str(self.home), "TMPDIR": str(self.temporary), "COLUMNS": "200",
                        "GRADER_TOKEN": self.secrets["token"], "USER": "grader",
                        "PYTHONPATH": str(self.clone.root), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(
            [*walled(), *wrapped, sys.executable, str(BYSTANDER),
             str(report), sys.executable, "-m", "autograder.cli", "grade", "activations", "--json",
             "--jobs", "2"], cwd=self.clone.root, env=environment, check=True, timeout=900)
        self.report = json.loads(report.read_text())
        self.said = Path(f"{report}.err").read_text(errors="replace")
        text = Path(f"{report}.out").read_text()
        assert text, "\n".join(line[-200:] for line in self.said.splitlines()[-20:])
        self.entries = {entry["student"]: entry for entry in json.loads(text)}
        return self

    def snapshot(self):
        """Return what every file of the course is that grading only reads."""
        written = re.compile(r"/course/(autograded|journal|gradebook)|__pycache__")
        return {str(path.relative_to(self.base)): hashlib.sha256(path.read_bytes()).hexdigest()
                for room in (self.clone.root, self.home) for path in sorted(room.rglob("*"))
                if path.is_file() and not path.is_symlink() and not written.search(str(path))}

    def student(self, attack):
        """Return under which name the submission of an attack was collected, with its problem."""
        return next(one for one in self.collected
                    if one["file"].rpartition("/")[0] == attack.folder)

    def results(self, student):
        """Return the files that grading made for a student."""
        house = self.clone.root / "course"
        folder = house / "autograded" / student
        files = [path for path in folder.rglob("*") if path.is_file()]
        return [*files, *(p for p in (house / "journal" / "activations").glob("*.json")
                          if p.stem == student)]

    def notebook(self, student):
        return self.clone.root / "course/autograded" / student / "activations/activations.ipynb"

    def pieces(self, student):
        return {piece["name"]: piece for piece in self.entries[student]["pieces"]}
