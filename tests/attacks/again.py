"""Making it hard to start again in the same box, and to keep what came out of it."""

import os

from . import SOLVED, Attack

EXIT = "os._exit(0)"
DEEP = '''
here = os.getcwd()
try:
    for number in range(2000):
        os.mkdir("d" * 40)
        os.chdir("d" * 40)
except OSError:
    pass
os.chdir(here)
'''


def replaced(make):
    """Return what puts something else into the place of a collected notebook."""
    def beside(folder, root):
        path = folder / "activations.ipynb"
        path.unlink()
        make(path)
    return beside


def hole(path):
    with open(path, "wb") as file:
        file.truncate(2**31)


ATTACKS = [
    Attack("deep-and-exit", "makes folders too deep to walk through, and ends Python",
           "the box starts again", cells=[DEEP, EXIT, EXIT]),
    Attack("shut-and-exit", "takes away all permissions of its own folder, and ends Python",
           "the box starts again", cells=["os.chmod('.', 0)", EXIT, EXIT]),
    Attack("emptied-and-exit", "removes and renames its own folder, and ends Python",
           "the box starts again", cells=['''
import shutil
here = os.getcwd()
for change in (lambda: os.rename(here, here + "-away"), lambda: os.rename(here, "../away"),
               lambda: shutil.rmtree(here, ignore_errors=True), lambda: os.rmdir(here),
               lambda: os.symlink("/etc", here), lambda: os.mkdir("../next", 0o777)):
    try:
        change()
    except OSError:
        pass
''', EXIT]),
    Attack("full-and-exit", "fills its folder with links, pipes and locked files, and ends Python",
           "the box starts again", cells=['''
for number in range(300):
    os.symlink("/" if number % 2 else "..", f"link{number}")
    os.mkfifo(f"pipe{number}")
    os.makedirs(f"shut{number}/in")
    os.chmod(f"shut{number}", 0)
for name in ("numpy", "autograder", "IPython", "matplotlib", "json", "sitecustomize"):
    os.makedirs(name, exist_ok=True)
    Path(name, "__init__.py").write_text("import os; os._exit(1)")
    Path(f"{name}.py").write_text("import os; os._exit(1)")
''', EXIT]),
    Attack("exits-for-ever", "ends Python in every cell that is repeated",
           "the notebook ends at its own limit", cells=[EXIT] * 20),
    Attack("next-box", "looks for the boxes of those who are graded at the same time",
           "it sees its own only", cells=['''
end, here = time.time() + 1.5, Path.cwd()
places = [here.parent, here.parent.parent, Path("/box"), Path("/tmp"), Path("@TMP@")]
while time.time() < end:
    for place in places:
        try:
            others = [p for p in place.iterdir() if p != here and p.name not in ("dev", "proc")]
        except OSError:
            continue
        for other in others:
            for name in ("attack-mark", "nnlib/__init__.py", "numpy.py"):
                try:
                    (other / name).write_text("# attack-mark")
                    print("LOOT: wrote", other / name)
                except OSError:
                    pass
            if any(p.name == "nnlib" for p in (other.iterdir() if os.access(other, 4) else ())):
                print("LOOT: another box", other)
    time.sleep(0.05)
''', '''
for number in range(200):
    for name in (f"work{number}", f"box{number}", str(number), f"{os.getppid()}-{number}"):
        tries(lambda: (here.parent / name) != here and os.listdir(here.parent / name)) \\
            if os.path.exists(here.parent / name) else None
''']),
    Attack("sent-descriptors", "sends hundreds of open files along with its replies",
           "the grader takes none", cells=['''
import socket, stat
for fd in range(64):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            one = socket.socket(fileno=os.dup(fd))
            one.setblocking(False)
            for number in range(60):
                socket.send_fds(one, [b""], [fd] * 200)
                one.send(b"", socket.MSG_OOB)
    except OSError as error:
        print(error.errno)
'''], loses=SOLVED),
    Attack("ten-megabytes-a-cell", "displays in fifty cells as much as one cell may",
           "the notebook that comes out is bounded",
           cells=["display({'text/html': 'x' * 10**6, 'text/plain': 'y' * 10**6}, raw=True)\n" * 5]
           * 50, loses=SOLVED),
    Attack("hundred-kilobytes-a-cell", "prints in five hundred cells as much as one cell may",
           "the notebook that comes out is bounded", cells=["print('x' * 99_999)"] * 500),
    Attack("pipe-as-notebook", "hands in a pipe, which nobody writes to",
           "a reason is named", beside=replaced(os.mkfifo), refused=True),
    Attack("hole-as-notebook", "hands in a file of two gigabytes that takes no room",
           "a reason is named", beside=replaced(hole), refused=True),
    Attack("device-as-notebook", "hands in a link to a file that never ends",
           "a reason is named", beside=replaced(lambda path: path.symlink_to("/dev/zero")),
           refused=True),
    Attack("folder-as-notebook", "hands in a folder of the notebook's name",
           "a reason is named", beside=replaced(os.mkdir), refused=True),
]
