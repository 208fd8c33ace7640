"""Shut a process in for good: resource limits, a user id of its own, Landlock, seccomp.

Standard library only, by `ctypes`: it runs inside the box, before the student's first line.
Each layer is put on where this kernel has it and left out where not; whether they hold together
is found out from inside, by trying (see `autograder.doctor`).
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys

MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # audit arch, column below
NEWEST = 451  # calls with a higher number came with Linux 6.6 or later; they are answered ENOSYS

# Numbers of system calls on x86-64 and arm64, from the kernel's own unistd.h; 0: there is none.
DENIED = {
    "other programs and processes": """fork 57 0, vfork 58 0, execve 59 221, execveat 322 281,
        ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272,
        process_madvise 440 440, process_mrelease 448 448, pidfd_open 434 434,
        pidfd_getfd 438 438, pidfd_send_signal 424 424, get_robust_list 274 100,
        move_pages 279 239, migrate_pages 256 238, tkill 200 130, rt_sigqueueinfo 129 138,
        rt_tgsigqueueinfo 297 240, setpriority 141 140, ioprio_set 251 30""",
    "sockets, but for a pair of one's own": """socket 41 198, connect 42 203, bind 49 200,
        listen 50 201, accept 43 202, accept4 288 242, sendmsg 46 211, sendmmsg 307 269,
        io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427""",
    "owners, modes and times of files, which Landlock lets through": """chmod 90 0, fchmod 91 52,
        fchmodat 268 53, chown 92 0, lchown 94 0, fchown 93 55, fchownat 260 54, utime 132 0,
        utimes 235 0, utimensat 280 88, futimesat 261 0, setxattr 188 5, lsetxattr 189 6,
        fsetxattr 190 7, removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16,
        truncate 76 45, name_to_handle_at 303 264, open_by_handle_at 304 265,
        inotify_init 253 0, inotify_init1 294 26, fanotify_init 300 262""",
    "memory that counts against no limit, or outlives the process": """memfd_create 319 279,
        memfd_secret 447 447, shmget 29 194, shmat 30 196, shmctl 31 195, msgget 68 186,
        msgsnd 69 189, msgrcv 70 188, msgctl 71 187, semget 64 190, semop 65 193,
        semtimedop 220 192, semctl 66 191, mq_open 240 180, mq_unlink 241 181,
        add_key 248 217, request_key 249 218, keyctl 250 219""",
    "the system": """unshare 272 97, setns 308 268, chroot 161 51, pivot_root 155 41,
        mount 165 40, umount2 166 39, fsopen 430 430, fsconfig 431 431, fsmount 432 432,
        fspick 433 433, open_tree 428 428, move_mount 429 429, mount_setattr 442 442,
        bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, quotactl 179 60,
        quotactl_fd 443 443, syslog 103 116, acct 163 89, kexec_load 246 104,
        init_module 175 105, finit_module 313 273, delete_module 176 106, swapon 167 224,
        reboot 169 142, settimeofday 164 170, clock_settime 227 112, clock_adjtime 305 266,
        adjtimex 159 171, sethostname 170 161""",
}
# These are for the process itself only: their first argument is its id, or 0.
OWN = """kill 62 129, tgkill 234 131, prlimit64 302 261, sched_setaffinity 203 122,
    sched_setscheduler 144 119, sched_setparam 142 118, sched_setattr 314 274"""
# These are refused with some values of an argument: a signal to another process through a
# descriptor, no end with the parent, a look from outside.
VALUES = {"fcntl 72 25": (1, (8, 10, 15)),  # F_SETOWN, F_SETSIG, F_SETOWN_EX
          "ioctl 16 29": (1, (0x8901, 0x8902)),  # FIOSETOWN, SIOCSPGRP
          "prctl 157 167": (0, (1, 4))}  # PR_SET_PDEATHSIG, PR_SET_DUMPABLE
CLONE, CLONE3, SENDTO, SECCOMP = (56, 220), (435, 435), (44, 206), (317, 277)
CAPSET, UNSHARE = (126, 91), (272, 97)
THREADS = 64  # of one box
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446

CAN_READ = 1 << 2  # the capability to read whatever its permissions are
READ_FILE, READ_DIR, EXECUTE = 1 << 2, 1 << 3, 1 << 0
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}  # Landlock's, by version
DEVICES = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 13  # and sockets, pipes, links

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def confine(limits, uid=None, ruleset=None, reads=False):
    """Shut this process in; there is no way back.

    Parameters
    ----------
    limits : dict
        ``cpu`` in seconds, ``file`` and ``memory`` in bytes, ``threads`` of this user in all.
    uid : int, optional
        The user to become, when root.
    ruleset : int, optional
        A descriptor from `landlock`.
    reads : bool
        Leave that user root's right to read, where Python lies in a folder of root's: the ruleset
        is then the only wall in front of files.
    """
    if sys.platform != "linux":
        return limit_resources(**limits)
    if uid is not None:
        become(uid, CAN_READ if reads and ruleset is not None else 0)
    else:
        if os.geteuid() == 0:
            os.setgroups([])
        with contextlib.suppress(OSError):  # where it may, its threads are counted apart
            _check(_libc.syscall(UNSHARE[_column()], 0x10000000))  # CLONE_NEWUSER
            limits = limits | {"threads": min(limits["threads"], THREADS)}
        drop_capabilities()
    limit_resources(**limits)
    die_with_parent()  # not before: a change of user would undo it
    _libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    _libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: nobody of the same user looks into it
    if ruleset is not None:
        _check(_libc.syscall(LANDLOCK_RESTRICT, ruleset, 0))
        os.close(ruleset)
    if platform.machine() in MACHINES:
        filter_calls()


def die_with_parent():
    """Let the kernel end this process when its parent ends."""
    _libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def limit_resources(cpu, file, memory, threads):
    """Set the limits that the process, and root itself, cannot raise again."""
    def limit(what, amount):
        with contextlib.suppress(ValueError, OSError):  # macOS has none on address space
            _, hard = resource.getrlimit(what)
            amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
            resource.setrlimit(what, (amount, amount))

    limit(resource.RLIMIT_CPU, cpu)
    limit(resource.RLIMIT_FSIZE, file)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, 64)  # times the size of a file: what it can hide from us
    limit(resource.RLIMIT_NPROC, threads)
    limit(resource.RLIMIT_AS, memory)


def become(uid, capabilities):
    """Become another user, with some capabilities of root's left."""
    _libc.prctl(8, int(bool(capabilities)), 0, 0, 0)  # PR_SET_KEEPCAPS
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    drop_capabilities(capabilities)


def drop_capabilities(kept=0):
    """Leave root nothing but its name, and what is kept."""
    for capability in range(64):
        _libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    header = struct.pack("Ii", 0x20080522, 0)
    _check(_libc.syscall(CAPSET[_column()], header, struct.pack("6I", kept, kept, 0, 0, 0, 0)))


def landlock_version():
    """Return the version of Landlock's interface in this kernel, 0 for none."""
    if _libc is None or platform.machine() not in MACHINES:
        return 0
    return max(0, _libc.syscall(LANDLOCK_CREATE, None, 0, 1))


def landlock_rules(readable, listable):
    """Return what a box may read, opened once for many of them: pairs of rights and descriptor.

    Parameters
    ----------
    readable, listable : list of str
        Paths; folders stand for all below them. To list a folder is not to read its files.
    """
    if not landlock_version():
        return []
    return [rule for paths, access in ((readable, READ_FILE | READ_DIR | EXECUTE),
                                       (listable, READ_DIR))
            for rule in (_rule(path, access) for path in paths) if rule]


def landlock(rules, box):
    """Return a ruleset that allows these rules, all in the folder `box`, and nothing else.

    None without Landlock.
    """
    version = landlock_version()
    if not version:
        return None
    every, attribute = handled(version)
    ruleset = _check(_libc.syscall(LANDLOCK_CREATE, attribute, len(attribute), 0))
    for access, descriptor in [*rules, _rule(box, every & ~DEVICES)]:
        rule = struct.pack("=Qi", access & every, descriptor)
        _check(_libc.syscall(LANDLOCK_ADD, ruleset, 1, rule, 0))
    return ruleset


def handled(version):
    """Return what a version of Landlock can forbid: rights to files, and all as it is asked for."""
    every = RIGHTS.get(version, (1 << 15) - 1) | ((1 << 15) if version >= 5 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24  # files; TCP; signals, abstract sockets
    return every, struct.pack("QQQ", every, 3, 3)[:size]


def filter_calls():
    """Deny, for good, the system calls that no exercise needs."""
    program = _program(os.getpid())
    filters = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(filters, len(filters))
    bpf = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
    _check(_libc.syscall(SECCOMP[_column()], 1, 0, bpf))


def _program(me):
    """Return the filter's lines: code, jump if true, jump if false, operand."""
    column, arch = _column(), MACHINES[platform.machine()][0]
    load, equal, above, has, answer = 0x20, 0x15, 0x25, 0x45, 0x06
    allow, kill = 0x7FFF0000, 0x80000000
    refuse, unknown = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
    argument = [16 + 8 * i for i in range(6)]  # the low half of each
    lines = [(load, 0, 0, 4), (equal, 1, 0, arch), (answer, 0, 0, kill),
             (load, 0, 0, 0), (above, 0, 1, NEWEST), (answer, 0, 0, unknown),
             (equal, 0, 1, CLONE3[column]), (answer, 0, 0, unknown)]
    for number in _numbers(", ".join(DENIED.values()), column):
        lines += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    for call, (place, values) in VALUES.items():
        number, = _numbers(call, column)
        lines += [(equal, 0, 2 * len(values) + 2, number), (load, 0, 0, argument[place])]
        for value in values:
            lines += [(equal, 0, 1, value), (answer, 0, 0, refuse)]
        lines += [(answer, 0, 0, allow)]
    for number in _numbers(OWN, column):
        lines += [(equal, 0, 5, number), (load, 0, 0, argument[0]),
                  (equal, 2, 0, me), (equal, 1, 0, 0),
                  (answer, 0, 0, refuse), (answer, 0, 0, allow)]
    lines += [(equal, 0, 4, CLONE[column]), (load, 0, 0, argument[0]),
              (has, 1, 0, 0x10000),  # CLONE_THREAD
              (answer, 0, 0, refuse), (answer, 0, 0, allow),
              (equal, 0, 5, SENDTO[column]), (load, 0, 0, argument[4]), (equal, 0, 2, 0),
              (load, 0, 0, argument[4] + 4), (equal, 1, 0, 0),
              (answer, 0, 0, refuse), (answer, 0, 0, allow)]
    return lines


def _numbers(table, column):
    rows = (row.split() for row in table.split(","))
    return sorted(int(row[1 + column]) for row in rows if int(row[1 + column]))


def _column():
    return MACHINES[platform.machine()][1]


def _rule(path, access):
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not on this machine: nothing to allow
        return None
    return (access if os.path.isdir(path) else access & ~READ_DIR), descriptor


def _check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
