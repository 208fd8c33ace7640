"""Asking the kernel for what a student does not need."""

from . import Attack

NUMBERS = '''
import platform
x86 = platform.machine() == "x86_64"
number = {"clone": (56, 220), "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40),
          "chroot": (161, 51), "pivot_root": (155, 41), "keyctl": (250, 219), "bpf": (321, 280),
          "add_key": (248, 217), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
          "open_tree": (428, 428), "fsopen": (430, 430), "mq_open": (240, 180),
          "semget": (64, 190), "msgget": (68, 186), "shmget": (29, 194), "clone3": (435, 435),
          "ioprio_set": (251, 30), "fanotify_init": (300, 262), "personality": (135, 92),
          "quotactl": (179, 60), "acct": (163, 89), "syslog": (103, 116)}
def call(name, *values):
    return libc.syscall(number[name][not x86], *values)
'''

ATTACKS = [
    Attack("namespaces", "makes itself root in a namespace of its own, and enters others'",
           "the kernel does not serve it", cells=[NUMBERS, '''
for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x04000000, 0x08000000, 0x02000000, 0x80):
    tries(lambda: call("unshare", flag) == 0 and hex(flag))
    @tries
    def child():
        pid = call("clone", flag | 17, 0, 0, 0, 0)
        if pid == 0:
            os._exit(0)
        return pid > 0 and hex(flag)
for pid in strangers(60):
    for name in ("mnt", "net", "user", "pid"):
        tries(lambda: call("setns", os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), 0) == 0)
''']),
    Attack("mounts", "mounts, binds and changes roots to see other files",
           "the kernel does not serve it", cells=[NUMBERS, '''
os.makedirs("here", exist_ok=True)
tries(lambda: call("mount", b"tmpfs", b"here", b"tmpfs", 0, 0) == 0)
tries(lambda: call("mount", b"/", b"here", 0, 4096 | 16384, 0) == 0)
tries(lambda: call("mount", b"proc", b"here", b"proc", 0, 0) == 0)
tries(lambda: call("mount", b"none", b"/", 0, 32 | 4096, 0) == 0)
tries(lambda: call("open_tree", -100, b"/", 1) >= 0)
tries(lambda: call("fsopen", b"tmpfs", 0) >= 0)
tries(lambda: call("pivot_root", b"here", b"here") == 0)
tries(lambda: call("chroot", b"here") == 0)
''']),
    Attack("becomes-root", "asks for other user ids, groups, capabilities and set-user-id programs",
           "it stays who it is", cells=[NUMBERS, '''
@tries
def root():
    os.setresuid(0, 0, 0)
    return os.getuid() == 0

@tries
def group():
    os.setresgid(0, 0, 0)
    return os.getgid() == 0

@tries
def file_ids():
    libc.setfsuid(0)
    return read("/etc/shadow")

@tries
def capabilities():
    lines = Path("/proc/self/status").read_text().splitlines()
    return [line for line in lines if line.startswith(("CapEff", "CapPrm")) and int(line[7:], 16)]

@tries
def new_privileges():
    return libc.prctl(39, 0, 0, 0, 0) == 0

tries(lambda: os.chmod("@HOME@/.netrc", 0o777) or "another's file")
tries(lambda: os.chown(".", 0, 0) and False or os.stat(".").st_uid != os.getuid())
tries(lambda: os.mknod("disk", 0o60666, os.makedev(8, 0)) or "a device")
''']),
    Attack("raises-limits", "raises its own limits and its priority",
           "the limits stay", cells=['''
import resource
for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE"):
    which = getattr(resource, name)
    soft, hard = resource.getrlimit(which)
    tries(lambda: resource.setrlimit(which, (resource.RLIM_INFINITY,) * 2) or name)
    tries(lambda: hard == resource.RLIM_INFINITY and f"{name} is unlimited")
    tries(lambda: resource.prlimit(0, which, (hard * 2, hard * 2)) and name)
tries(lambda: os.nice(-5) < 0)
tries(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(9)) or "real time")
tries(lambda: Path("/proc/self/oom_score_adj").write_text("-900"))
''']),
    Attack("keys", "reads and keeps secrets in the kernel's key rings",
           "the kernel does not serve it", cells=[NUMBERS, '''
for ring in (-3, -4, -5):
    tries(lambda: call("add_key", b"user", b"attack-mark", b"attack-mark", 11, ring) > 0)
    tries(lambda: call("keyctl", 0, ring, 1) > 0)
tries(lambda: Path("/proc/keys").read_text())
''']),
    Attack("shared-segments", "leaves segments, queues and semaphores of System V and POSIX behind",
           "nothing of it remains", cells=[NUMBERS, '''
tries(lambda: call("shmget", 0x41545443, 4096, 0o1666) >= 0)
tries(lambda: call("semget", 0x41545443, 1, 0o1666) >= 0)
tries(lambda: call("msgget", 0x41545443, 0o1666) >= 0)
tries(lambda: call("mq_open", b"attack-mark", 0o102, 0o666, 0) >= 0)

@tries
def posix():
    from multiprocessing import shared_memory
    one = shared_memory.SharedMemory("attack-mark-shm", True, 4096)
    return False
''']),
    Attack("watches", "asks for programs in the kernel, its log, and events of other processes",
           "the kernel does not serve it", cells=[NUMBERS, '''
tries(lambda: call("bpf", 0, ctypes.create_string_buffer(b"\\1" * 72), 72) >= 0)
tries(lambda: call("perf_event_open", ctypes.create_string_buffer(128), -1, 0, -1, 0) >= 0)
tries(lambda: call("userfaultfd", 0) >= 0)
tries(lambda: call("fanotify_init", 0, 0) >= 0)
tries(lambda: call("syslog", 3, ctypes.create_string_buffer(999), 999) > 0)
tries(lambda: call("acct", 0) == 0)
tries(lambda: libc.sethostname(os.uname().nodename.encode(), len(os.uname().nodename)) == 0)
tries(lambda: open("/proc/sys/kernel/core_pattern", "r+") and "open")
tries(lambda: Path("/proc/sysrq-trigger").open("w") and "open")
tries(lambda: os.makedirs("/sys/fs/cgroup/attack-mark") or "a control group")
''']),
    Attack("who-is-there", "lists processes, users, addresses and mounts of the machine",
           "it sees itself only", cells=['''
@tries
def processes():
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()
            and b"autograder.cli" in Path(f"/proc/{pid}/cmdline").read_bytes()]

@tries
def connections():
    return len(Path("/proc/net/tcp").read_text().splitlines()) > 1

@tries
def paths():
    return "@ROOT@/course" in Path("/proc/self/mountinfo").read_text()
''']),
]
