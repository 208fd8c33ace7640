"""Each layer of the box alone, in a small Python that shuts itself in: what is denied, what works.

The tests of whole boxes (`test_sandbox.py`, `test_attacks.py`) cannot tell which layer held.
"""

import errno
import os
import platform
import re
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")]
if sys.platform == "linux":
    from autograder import confine
    from autograder.confine import CLONE, CLONE3, DENIED, NEWEST, OWN, SENDTO

HEADERS = {0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
           1: "/usr/include/asm-generic/unistd.h"}
HERE = platform.machine()
needs_filter = pytest.mark.skipif(HERE not in ("x86_64", "aarch64"),
                                  reason="the filter is written for x86-64 and arm64")
needs_landlock = pytest.mark.skipif(sys.platform != "linux" or not confine.landlock_version(),
                                    reason="this kernel has no Landlock")

START = """
import ctypes, errno, os, resource, signal, socket, subprocess, sys, threading, time
from autograder import confine as c
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    result = libc.syscall(number, *map(ctypes.c_long, arguments))
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
def attempt(act, *arguments):
    try:
        act(*arguments)
        return "done"
    except Exception as error:
        return getattr(error, "errno", None) and errno.errorcode[error.errno] or repr(error)
libc.prctl(38, 1, 0, 0, 0)  # without it, only root may put on a filter
"""
FILTER = "c.filter_calls()\n"
LANDLOCK = """
rules = c.landlock_rules([sys.prefix, sys.base_prefix, "/usr/lib", "/lib", "/etc/passwd"],
                         [{listed!r}])
assert libc.syscall(c.LANDLOCK_RESTRICT, c.landlock(rules, {box!r}), 0) == 0
"""


def python(source, layer=FILTER, **options):
    """Run source in a Python of its own with one layer on; return the lines that it printed."""
    code = START + layer + textwrap.dedent(source)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, timeout=60,
                          capture_output=True, **options)
    assert done.returncode == 0, done.stderr or done.returncode
    return done.stdout.splitlines()


def table(text, column):
    """Return the numbers of a table's system calls by name, on x86-64 (0) or arm64 (1)."""
    rows = (row.split() for row in text.split(","))
    return {row[0]: int(row[1 + column]) for row in rows if int(row[1 + column])}


def denied(column):
    return table(", ".join(DENIED.values()), column)


# The filter, as the kernel would run it


def ran(machine, number, *arguments, me=1234, arch=None):
    """Run the filter's lines by the rules of BPF; return its answer."""
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(platform, "machine", lambda: machine)
        lines = confine._program(me)
    arguments = [*arguments, *[0] * (6 - len(arguments))]
    arch = confine.MACHINES[machine][0] if arch is None else arch
    data = struct.pack("=iIQ6Q", number, arch, 0, *(a & (2**64 - 1) for a in arguments))
    at, word = 0, 0
    while True:
        code, jump_true, jump_false, operand = lines[at]
        at += 1
        if code == 0x06:
            return operand
        if code == 0x20:
            word = struct.unpack_from("=I", data, operand)[0]
        else:
            true = {0x15: word == operand, 0x25: word > operand, 0x45: bool(word & operand)}[code]
            at += jump_true if true else jump_false


ALLOWED, KILLED = 0x7FFF0000, 0x80000000
REFUSED, UNKNOWN = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
MACHINES = pytest.mark.parametrize("machine, column", [("x86_64", 0), ("aarch64", 1)])
READ, FUTEX = (0, 63), (202, 98)


@MACHINES
def test_every_call_of_the_table_is_refused_whatever_its_arguments(machine, column):
    for name, number in denied(column).items():
        assert ran(machine, number) == ran(machine, number, 1234, 7) == REFUSED, name


@MACHINES
def test_calls_that_every_program_needs_are_allowed(machine, column):
    for number in (READ[column], FUTEX[column]):
        assert ran(machine, number) == ALLOWED
    assert {"read", "mmap", "futex", "socketpair", "openat", "clone"}.isdisjoint(denied(column))


@MACHINES
def test_calls_on_processes_are_allowed_for_oneself_only(machine, column):
    for name, number in table(OWN, column).items():
        assert ran(machine, number, 0) == ran(machine, number, 1234) == ALLOWED, name
        for other in (1, 1235, -1, -1234, 2**31):
            assert ran(machine, number, other) == REFUSED, (name, other)


@MACHINES
def test_only_threads_can_be_cloned(machine, column):
    thread, process = 0x3D0F00, 0x1200011  # what glibc asks for: pthread_create, fork
    assert ran(machine, CLONE[column], thread) == ALLOWED
    assert ran(machine, CLONE[column], process) == REFUSED
    assert ran(machine, CLONE3[column]) == UNKNOWN, "its flags are out of a filter's sight"


@MACHINES
def test_nothing_is_sent_to_an_address(machine, column):
    assert ran(machine, SENDTO[column], 3, 5, 5, 0, 0) == ALLOWED
    for address in (0x7F0000001000, 0x7F00 << 32, 1):
        assert ran(machine, SENDTO[column], 3, 5, 5, 0, address) == REFUSED


@MACHINES
@pytest.mark.parametrize("number", [NEWEST + 1, 460, 1000, 0x40000000, 0x40000000 + 41, -1])
def test_calls_that_are_newer_than_the_table_or_of_another_kind_do_not_exist(machine, column,
                                                                            number):
    assert ran(machine, number) == UNKNOWN


@MACHINES
def test_calls_of_another_architecture_kill(machine, column):
    for arch in (0x40000003, 0x40000028, 0):  # i386, by `int 0x80`; arm; none
        assert ran(machine, READ[column], arch=arch) == KILLED


@pytest.mark.parametrize("column", HEADERS, ids=["x86-64", "arm64"])
def test_the_numbers_are_the_kernels(column):
    header = Path(HEADERS[column])
    if not header.exists():
        pytest.skip(f"{header} is not installed here (Debian: linux-libc-dev)")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())
    numbers = {name: int(number) for name, number in found}
    ours = denied(column) | table(OWN, column) | {
        "clone": CLONE[column], "clone3": CLONE3[column], "sendto": SENDTO[column],
        "seccomp": confine.SECCOMP[column], "capset": confine.CAPSET[column],
        "unshare": confine.UNSHARE[column], "landlock_create_ruleset": confine.LANDLOCK_CREATE,
        "landlock_add_rule": confine.LANDLOCK_ADD,
        "landlock_restrict_self": confine.LANDLOCK_RESTRICT}
    assert ours == {name: numbers.get(name) for name in ours}
    left_out = denied(0).keys() - denied(column).keys()
    assert not left_out & numbers.keys(), "there is such a call on this machine, too"


# The filter, in this kernel


@needs_filter
def test_the_kernel_refuses_every_call_of_the_table():
    numbers = denied(confine._column())
    assert {"socket", "ptrace", "unshare", "mount", "shmget", "io_uring_setup", "memfd_create",
            "execve", "fchmodat", "process_vm_readv", "bpf", "userfaultfd"} <= numbers.keys()
    (found,) = python(f"print({{name: call(number) for name, number in {numbers}.items()}})")
    assert eval(found) == dict.fromkeys(numbers, "EPERM")


@needs_filter
def test_the_kernel_knows_no_newer_call():
    assert python("print(call(460), call(435, 0, 0), call(10**6))") == ["ENOSYS ENOSYS ENOSYS"]


@needs_filter
def test_no_process_and_no_program_can_be_started():
    (found,) = python(f"""
        print(attempt(os.fork), attempt(subprocess.run, ["/bin/true"]),
              attempt(os.posix_spawn, "/bin/true", ["true"], {{}}), attempt(os.execv, "/bin/true",
              ["true"]), call({CLONE[confine._column()]}, signal.SIGCHLD, 0, 0, 0, 0))
    """)
    assert found.split() == ["EPERM"] * 5


@needs_filter
def test_no_other_process_is_signalled_or_limited():
    (found,) = python("""
        other = os.getppid()
        print(attempt(os.kill, other, 0), attempt(os.kill, -1, 0), attempt(os.kill, -other, 0),
              attempt(resource.prlimit, other, resource.RLIMIT_CPU, (9, 9)),
              attempt(os.sched_setaffinity, other, {0}), attempt(os.setpriority, 0, 0, 5))
    """)
    assert found.split() == ["EPERM"] * 6


@needs_filter
def test_oneself_can_be_signalled_and_limited():
    (found,) = python("""
        me = os.getpid()
        print(attempt(os.kill, me, 0), attempt(os.kill, 0, 0),
              attempt(resource.prlimit, me, resource.RLIMIT_CPU, (9, 9)),
              attempt(resource.prlimit, 0, resource.RLIMIT_CPU),
              attempt(signal.pthread_kill, threading.get_ident(), 0))
    """, start_new_session=True)
    assert found.split() == ["done"] * 5


@needs_filter
def test_no_other_process_is_signalled_by_a_descriptor():
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    python(f"""
        import fcntl
        ours, theirs = socket.socketpair()
        attempt(fcntl.fcntl, ours, fcntl.F_SETOWN, {victim.pid})
        attempt(fcntl.fcntl, ours, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC)
        theirs.send(b"x")
    """)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            victim.wait(2)
    finally:
        victim.kill()
        victim.wait()


@needs_filter
def test_there_is_no_socket_but_a_pair_of_ones_own():
    (found,) = python("""
        kinds = [(f, k) for f in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 16, 17, 40)
                 for k in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW)]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        print(*{attempt(socket.socket, *kind) for kind in kinds},
              attempt(ours.sendto, b"x", "/tmp/nowhere"), attempt(ours.connect, "/tmp/nowhere"),
              attempt(ours.sendmsg, [b"x"], [], 0, "/tmp/nowhere"), attempt(ours.bind, "\\0name"),
              attempt(ours.send, b"x"))
    """)
    assert found.split() == ["EPERM"] * 5 + ["done"]


@needs_filter
def test_modes_owners_and_times_stay(tmp_path):
    (found,) = python(f"""
        path = {str(tmp_path)!r}
        print(attempt(os.chmod, path, 0o777), attempt(os.chown, path, 0, 0),
              attempt(os.utime, path), attempt(os.setxattr, path, "user.a", b"x"))
    """)
    assert found.split() == ["EPERM"] * 4


@needs_filter
def test_threads_queues_and_asyncio_work():
    (found,) = python("""
        import asyncio, concurrent.futures
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            total = sum(pool.map(lambda n: (time.sleep(.01), n)[1], range(20)))
        async def later():
            await asyncio.sleep(.01)
            return await asyncio.to_thread(lambda: 5)
        ours, theirs = socket.socketpair()
        theirs.sendall(b"pair")
        print(total, asyncio.run(later()), ours.recv(9))
    """)
    assert found == "190 5 b'pair'"


@needs_filter
def test_numpy_and_files_work(tmp_path):
    (found,) = python("""
        import numpy as np, tempfile
        x = np.linalg.inv(np.eye(200) * 2)
        with tempfile.TemporaryFile() as file:
            np.save(file, x)
            file.seek(0)
            print(np.load(file).sum())
    """, env=os.environ | {"TMPDIR": str(tmp_path)})
    assert found == "100.0"


@needs_filter
def test_the_filter_cannot_be_taken_off_and_holds_for_threads():
    (found,) = python("""
        said = []
        thread = threading.Thread(target=lambda: said.append(attempt(socket.socket)))
        thread.start(); thread.join()
        print(*said, call(c.SECCOMP[c._column()], 0, 0, 0), libc.prctl(22, 0, 0, 0, 0))
    """)
    assert found.split() == ["EPERM", "EINVAL", "-1"]


# Landlock


@pytest.fixture
def place(tmp_path):
    """A box, a secret beside it, and a folder whose names only may be read."""
    for folder in ("box", "listed"):
        (tmp_path / folder).mkdir()
    for path in ("secret", "listed/file", "box/old"):
        (tmp_path / path).write_text("text")
    return tmp_path


def landlocked(place, source, **options):
    layer = LANDLOCK.format(box=str(place / "box"), listed=str(place / "listed"))
    there = f"box, listed, secret = {str(place / 'box')!r}, {str(place / 'listed')!r}, " \
            f"{str(place / 'secret')!r}\n"
    return python(source, layer + there, **options)


@needs_landlock
def test_no_file_outside_is_read_written_moved_or_linked(place):
    (found,) = landlocked(place, """
        print(attempt(open, secret), attempt(open, secret, "a"), attempt(open, secret + "2", "w"),
              attempt(os.listdir, os.path.dirname(secret)), attempt(os.unlink, secret),
              attempt(os.mkdir, secret + "3"), attempt(os.symlink, box, secret + "4"),
              attempt(os.truncate, secret, 0) if c.landlock_version() >= 3 else "EACCES",
              attempt(open, listed + "/file"), attempt(open, listed + "/new", "w"),
              attempt(open, "/proc/self/environ"), attempt(os.listdir, "/proc"))
    """)
    assert found.split() == ["EACCES"] * 12
    assert (place / "secret").read_text() == "text" and len(list(place.iterdir())) == 3


@needs_landlock
def test_no_file_is_moved_or_linked_across_the_border(place):
    (found,) = landlocked(place, """
        print(*[attempt(*what) in ("EACCES", "EXDEV", "EPERM") for what in (
            (os.rename, secret, box + "/mine"), (os.link, secret, box + "/mine"),
            (os.rename, box + "/old", secret + "5"), (os.link, box + "/old", secret + "6"))])
    """)
    assert found.split() == ["True"] * 4


@needs_landlock
def test_a_symlink_out_of_the_box_leads_nowhere(place):
    assert landlocked(place, """
        os.symlink(secret, box + "/link")
        print(attempt(open, box + "/link"))
    """) == ["EACCES"]


@needs_landlock
def test_the_box_itself_python_and_listed_names_can_be_used(place):
    assert landlocked(place, """
        os.chdir(box)
        os.mkdir("new"); open("new/file", "w").write("x"); os.rename("new/file", "new/other")
        os.link("old", "twin"); os.symlink("old", "link"); os.unlink("old")
        import xml.dom.minidom, numpy
        print(sorted(os.listdir(".")), os.listdir(listed), len(open("/etc/passwd").read()) > 0)
    """) == ["['link', 'new', 'twin'] ['file'] True"]


@needs_landlock
def test_devices_sockets_and_pipes_cannot_be_made_in_the_box(place):
    (found,) = landlocked(place, """
        os.chdir(box)
        one = socket.socket(socket.AF_UNIX)
        print(attempt(os.mkfifo, "pipe"), attempt(one.bind, "socket"),
              attempt(os.mknod, "device", 0o60600, 0x801),
              attempt(os.mknod, "stream", 0o20600, 0x103))
    """)
    assert set(found.split()) <= {"EACCES", "EPERM"} and not list(place.glob("box/[psd]*"))


@needs_landlock
def test_the_network_is_closed_to_tcp_from_version_four(place):
    if confine.landlock_version() < 4:
        pytest.skip("Landlock knows the network since version 4, Linux 6.7")
    (found,) = landlocked(place, """
        print(attempt(socket.create_connection, ("127.0.0.1", 9), 1),
              attempt(socket.create_server, ("127.0.0.1", 0)))
    """)
    assert found.split() == ["EACCES", "EACCES"]


@needs_landlock
def test_no_process_outside_is_signalled_from_version_six(place):
    if confine.landlock_version() < 6:
        pytest.skip("Landlock knows signals since version 6, Linux 6.12")
    (found,) = landlocked(place, """
        import fcntl
        ours, theirs = socket.socketpair()
        print(attempt(os.kill, os.getppid(), 0), attempt(os.kill, os.getpid(), 0),
              attempt(fcntl.fcntl, ours, fcntl.F_SETOWN, os.getpid()))
    """)
    assert found.split() == ["EPERM", "done", "done"]


@pytest.mark.parametrize("version, bits, net, scope", [
    (1, 13, None, None), (2, 14, None, None), (3, 15, None, None), (4, 15, 3, None),
    (5, 16, 3, None), (6, 16, 3, 3), (7, 16, 3, 3), (9, 16, 3, 3),
])
def test_each_version_is_asked_for_all_that_it_knows_and_no_more(version, bits, net, scope):
    every, attribute = confine.handled(version)
    fields = struct.unpack(f"{len(attribute) // 8}Q", attribute)
    assert every == 2**bits - 1
    assert (*fields, *[None] * (3 - len(fields))) == (every, net, scope)


def test_no_device_socket_or_pipe_can_be_made_in_the_box():
    made = {"devices": 1 << 6 | 1 << 11, "sockets": 1 << 9, "pipes": 1 << 10, "a move": 1 << 13}
    assert all(confine.DEVICES & bits == bits for bits in made.values())


# Limits, capabilities, and the whole


WHOLE = """
limits = {"cpu": 60, "file": 2**20, "memory": 2**31, "threads": 40}
c.confine(limits | %r)
"""


def whole(source, **limits):
    return python(source, WHOLE % limits)


def test_limits_cannot_be_raised_again():
    (found,) = whole("""
        for what in (resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_AS,
                     resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
            soft, hard = resource.getrlimit(what)
            print(soft == hard, attempt(resource.setrlimit, what, (hard + 1, hard + 1)) == "done",
                  end=" ")
    """)
    assert found.split() == ["True", "False"] * 6


def test_a_lower_limit_of_before_is_kept():
    layer = "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n" + WHOLE % {}
    assert python("print(resource.getrlimit(resource.RLIMIT_FSIZE))", layer) == ["(5000, 5000)"]


def test_memory_and_files_have_an_end(tmp_path):
    assert whole(f"""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open({str(tmp_path / "large")!r}, "wb", 0) as file:
            file.write(bytes(2**20))
            print(attempt(bytearray, 2**31), attempt(file.write, b"x"))
    """) == ["MemoryError() EFBIG"]


def test_threads_have_an_end():
    other = 61999 if os.geteuid() == 0 else None  # the kernel does not count those of root
    (found,) = python("""
        waiting, started = threading.Event(), 0
        try:
            for _ in range(200):
                threading.Thread(target=waiting.wait, daemon=True).start()
                started += 1
        except RuntimeError:
            waiting.set()
        print(0 < started <= 40)
    """, WHOLE.replace("%r)", f"{{'memory': 2**40}}, uid={other})"))
    assert found == "True"


def test_processor_time_ends_the_process():
    code = START + WHOLE % {"cpu": 1} + "while True: pass"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=30)
    assert done.returncode == -9


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to lose")
@pytest.mark.parametrize("uid", [None, 61999])
def test_root_keeps_no_power(uid):
    layer = "c.filter_calls = lambda: None  # it would hide what is asked here\n" \
            'limits = {"cpu": 60, "file": 2**20, "memory": 2**31, "threads": 9999}\n' \
            f"os.setgroups([4, 6])\nc.confine(limits, uid={uid})\n"
    capget = (125, 90)[confine._column()]
    user, powers, denials = python(f"""
        import struct
        held = ctypes.create_string_buffer(24)
        assert libc.syscall({capget}, struct.pack("Ii", 0x20080522, 0), held) == 0
        print(os.getuid(), *os.getgroups())
        print(held.raw.hex())
        print(attempt(os.chroot, "/"), attempt(os.setuid, 0), attempt(socket.sethostname, "x"),
              attempt(os.chown, "/", 1, 1))
    """, layer)
    assert user == str(uid) or uid is None
    assert powers == "00" * 24 and "done" not in denials.split() and len(denials.split()) == 4
