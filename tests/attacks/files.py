"""Reading and writing where a student has no business."""

import os

from . import Attack

SECRET = ["course/secret.txt", "course/references/activations/tanh.json", "course/gradebook.db",
          "course/journal/activations", "course/submitted/@NEIGHBOUR@/activations",
          "course/submitted/@NEIGHBOUR@/activations/activations.ipynb", "course/autograded",
          "solutions/activations/activations.ipynb", "exercises/activations.md",
          "examples/class/expected.json"]


def link(*targets):
    """Return what puts links to files of the grader beside a submission."""
    def beside(folder, root):
        for number, target in enumerate(targets):
            os.symlink(root / target, folder / f"link{number}.txt")
    return beside


def other_notebook(folder, root):
    """Put a link to a neighbour's notebook into the place of one's own."""
    own = folder / "activations.ipynb"
    own.unlink()
    own.symlink_to(root / "course" / "submitted" / "Ada Example" / "activations" / own.name)


ATTACKS = [
    Attack("course-files", "reads references, solutions, grade book and notes in many ways",
           "no way opens one", cells=[f'''
for name in {SECRET}:
    tries(lambda: read("@ROOT@/" + name))
    tries(lambda: read(os.path.relpath("@ROOT@/" + name)))
    tries(lambda: read("/proc/self/root@ROOT@/" + name))
tries(lambda: get_ipython().getoutput("cat @ROOT@/course/secret.txt"))
tries(lambda: list(Path("@ROOT@/course").rglob("*"))[:5])
''']),
    Attack("home", "reads keys and settings in the grader's home folder",
           "nothing of the home folder is found", cells=['''
for folder in {os.path.expanduser("~"), "@HOME@", "/root", *map(str, Path("/home").glob("*"))}:
    for name in (".ssh/id_canary", ".netrc", ".bash_history", ".config", ".git-credentials"):
        tries(lambda: read(f"{folder}/{name}"))
for path in ("/etc/shadow", "/etc/sudoers", "/root", "/var/log/syslog", "/var/spool"):
    tries(lambda: read(path))
''']),
    Attack("environment", "looks for tokens in its environment and in those of other processes",
           "no token is there", cells=['''
@tries
def own():
    return secrets(repr(os.environ).encode() + Path("/proc/self/environ").read_bytes())

@tries
def by_libc():
    libc.getenv.restype = ctypes.c_char_p
    return libc.getenv(b"GRADER_TOKEN")

for part in ("environ", "cmdline", "auxv"):
    for pid in strangers():
        try:
            if found := secrets(Path(f"/proc/{pid}/{part}").read_bytes()):
                print("LOOT: environment of", pid, found)
        except OSError:
            pass
''']),
    Attack("neighbours", "reads, rewrites and deletes what others handed in",
           "the neighbours' files are as they were", cells=['''
for step in ("submitted", "autograded", "journal", "release"):
    for path in (Path("@ROOT@/course", step), Path(f"../../../../course/{step}")):
        tries(lambda: [secrets(read(str(p))) for p in path.rglob("*.ipynb")])
for path in ("submitted/@NEIGHBOUR@/activations", "journal/activations", "autograded"):
    folder = Path("@ROOT@/course", path)
    for change in (lambda: (folder / "attack-mark").write_text("attack-mark") and "written",
                   lambda: open(folder / "activations.ipynb", "ab").write(b" "),
                   lambda: os.chmod(folder, 0o777) or "changed", lambda: os.utime(folder) or "t",
                   lambda: os.rename(folder, f"{folder}-attack-mark") or "renamed",
                   lambda: os.unlink(folder / "activations.ipynb") or "gone"):
        tries(change)
''']),
    Attack("grade-book", "gives itself 600 points in nbgrader's data base",
           "the data base cannot be opened", cells=['''
import sqlite3

@tries
def by_sql():
    base = sqlite3.connect("@ROOT@/course/gradebook.db", timeout=1)
    base.execute("update grade set manual_score = 600")
    base.commit()
    return "written"

@tries
def by_bytes():
    return open("@ROOT@/course/gradebook.db", "r+b").read(16)

@tries
def by_sql_file():
    return sqlite3.connect("").execute("attach '@ROOT@/course/gradebook.db' as b").fetchall() or 1
''']),
    Attack("links-made", "makes symbolic and hard links out of the box, and reads through them",
           "the links lead nowhere", cells=['''
for number, target in enumerate(("@ROOT@/course/secret.txt", "@HOME@/.ssh/id_canary",
                                 "@ROOT@/course/gradebook.db", "/proc/1/environ")):
    @tries
    def soft():
        os.symlink(target, f"soft{number}")
        return read(f"soft{number}")

    @tries
    def hard():
        os.link(target, f"hard{number}")
        return read(f"hard{number}")

    @tries
    def through_a_folder():
        os.symlink(os.path.dirname(target), f"folder{number}")
        return read(f"folder{number}/{os.path.basename(target)}")

    @tries
    def write():
        return open(f"soft{number}", "ab").write(b"attack-mark")
''']),
    Attack("links-beside", "hands in links to files of the grader beside the notebook",
           "what they lead to is not copied", refused=True,
           beside=link("course/secret.txt", "course/references/activations/tanh.json")),
    Attack("link-to-a-neighbour", "hands in a link to the notebook of somebody who has done it all",
           "it is not graded as one's own", refused=True, beside=other_notebook),
    Attack("handles", "opens files by handle instead of by name",
           "the kernel does not serve it", cells=['''
@tries
def by_handle():
    handle, mount = (ctypes.c_uint * 34)(128), ctypes.c_int()
    assert libc.name_to_handle_at(-100, b"@ROOT@/course/secret.txt", handle, ctypes.byref(mount),
                                  0) == 0, "no handle"
    fd = libc.open_by_handle_at(os.open("/", os.O_RDONLY), handle, os.O_RDONLY)
    return fd >= 0 and os.read(fd, 100)
''']),
    Attack("descriptors", "reads every descriptor it was born with",
           "none leads to a secret", cells=['''
for fd in range(3, 1024):
    try:
        target = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        continue
    @tries
    def content():
        data = os.pread(fd, 10**6, 0)
        return secrets(data) or data[:15] == b"SQLite format 3"

    @tries
    def siblings():
        return secrets(b" ".join(map(os.fsencode, os.listdir(fd)))) or read(f"{target}/../course")

    @tries
    def upwards():
        return os.read(os.open("../course/secret.txt", os.O_RDONLY, dir_fd=fd), 100)
''']),
    Attack("marks-everywhere", "leaves files in every folder it can think of",
           "no file remains outside the box", cells=['''
import site, sysconfig, tempfile
folders = {"/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/usr/local/bin", "/opt", "/mnt",
           "@HOME@", "@ROOT@", "@ROOT@/course", "@ROOT@/autograder", "@ROOT@/nnlib", "@TMP@",
           os.path.expanduser("~"), tempfile.gettempdir(), sysconfig.get_path("purelib"),
           os.path.dirname(np.__file__), os.path.dirname(os.__file__), "..", "../..", "../../.."}
for folder in folders:
    for make in (lambda p: Path(p).write_text("attack-mark"), os.mkdir, os.mkfifo,
                 lambda p: os.symlink("/etc/passwd", p), os.mknod):
        try:
            make(f"{folder}/attack-mark-{make.__name__.strip('<>')}")
        except (OSError, ValueError):
            pass
''']),
    Attack("devices", "reads memory, disks, terminals and the kernel's log by their devices",
           "no device but the harmless ones opens", cells=['''
import fcntl, stat
for path in ("/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/port", "/dev/sda", "/dev/vda", "/dev/kvm",
             "/proc/kcore", "/proc/kallsyms", "/dev/fuse", "/dev/net/tun", "/sys/kernel/debug"):
    tries(lambda: os.path.exists(path) and path != "/proc/kallsyms"
          and os.open(path, os.O_RDONLY | os.O_NONBLOCK) and path)
    tries(lambda: os.mknod("node", stat.S_IFBLK | 0o666, os.stat(path).st_rdev) or read("node"))
for path in ("/dev/tty", "/dev/console", *map(str, Path("/dev/pts").glob("*"))):
    tries(lambda: fcntl.ioctl(os.open(path, os.O_RDWR | os.O_NOCTTY), 0x5412, b"#") or path)
''']),
]
