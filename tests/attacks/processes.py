"""Starting programs, and disturbing those that run."""

from . import SOLVED, Attack

DAEMON = '''
import subprocess, sys
def daemon():
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    libc.prctl(1, 0)
    libc.prctl(15, b"attack-mark")
    os.closerange(0, 256)
    while True:
        try:
            open("/tmp/attack-mark-daemon", "w").write("attack-mark")
        except BaseException:
            pass
        time.sleep(0.2)
'''

ATTACKS = [
    Attack("subprocess", "starts programs by subprocess, os.system, popen and spawn",
           "no program starts", cells=['''
import subprocess
tries(lambda: subprocess.run(["id"], capture_output=True, text=True).stdout)
tries(lambda: subprocess.run("id", shell=True, capture_output=True, text=True).stdout)
tries(lambda: os.popen("id").read())
tries(lambda: os.system("true") == 0)
tries(lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"]) == 0)
tries(lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1] == 0)
tries(lambda: subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout)
''']),
    Attack("shell-lines", "starts programs by lines and cells that IPython gives to a shell",
           "no program starts", cells=['''
tries(lambda: get_ipython().getoutput("id"))
tries(lambda: get_ipython().system("touch /tmp/attack-mark-shell"))
''', "!touch /tmp/attack-mark-line; id", "%%bash\ntouch /tmp/attack-mark-cell; id",
           "%%script sh\ntouch /tmp/attack-mark-cell; id", "%sx touch /tmp/attack-mark-sx",
           "%ls /", "%cat /etc/passwd"]),
    Attack("pip", "installs a package, and starts Python anew",
           "no program starts", cells=["%pip --version", '''
import subprocess
tries(lambda: subprocess.check_output([sys.executable, "-m", "pip", "--version"]))
''']),
    Attack("multiprocessing", "computes in other processes by multiprocessing and futures",
           "no process starts, or none is left over", cells=['''
import multiprocessing, concurrent.futures

def work(n):
    return n

@tries
def by_pool():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map_async(work, [1, 2]).get(1)

@tries
def by_spawn():
    one = multiprocessing.get_context("spawn").Process(target=work, args=(1,))
    one.start()
    one.join(1)
    return one.exitcode == 0
''']),
    Attack("replaces-itself", "replaces Python by another program, which goes on speaking",
           "it costs that cell only", cells=['''
for path in ("/bin/sleep", "/usr/bin/sleep"):
    try:
        os.execv(path, ["sleep", "3000"])
    except OSError as error:
        print("denied:", error.errno)
''', '''
@tries
def from_memory():
    fd = os.memfd_create("program")
    os.write(fd, open("/bin/true", "rb").read())
    os.execve(fd, ["true"], {})
''']),
    Attack("daemon", "leaves a process behind that hides from its parents",
           "no process remains", cells=[DAEMON, "daemon()"]),
    Attack("daemon-from-a-piece", "leaves a process behind while a piece is judged",
           "no process remains", cells=[DAEMON],
           pieces={"tanh": "def tanh(x):\n    daemon()\n    return x"}),
    Attack("slows-others", "gives all other processes the lowest priority and one processor",
           "a bystander keeps its priority", deadly=True, cells=['''
import resource
for pid in strangers(400):
    for name, change in (("nice", lambda: os.setpriority(os.PRIO_PROCESS, pid, 19)),
                         ("affinity", lambda: os.sched_setaffinity(pid, {0})),
                         ("scheduler", lambda: os.sched_setscheduler(pid, os.SCHED_IDLE,
                                                                     os.sched_param(0))),
                         ("limits", lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (9, 9))),
                         ("out-of-memory", lambda: Path(f"/proc/{pid}/oom_score_adj")
                          .write_text("1000"))):
        try:
            change()
            print("LOOT: changed the", name, "of", pid)
        except (OSError, ValueError):
            pass
tries(lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19) or "all of this user")
tries(lambda: os.setpriority(os.PRIO_PGRP, os.getppid(), 19) or "the group of the parent")
''']),
    Attack("stops-others", "stops and disturbs all other processes by signals",
           "a bystander is not stopped", deadly=True, loses=SOLVED, cells=['''
for pid in strangers(400):
    for number in (signal.SIGSTOP, signal.SIGUSR1, signal.SIGTTOU, signal.SIGALRM, signal.SIGRTMIN):
        try:
            os.kill(pid, number)
            print("LOOT:", number, "sent to", pid)
        except OSError:
            pass
    for number in (signal.SIGSTOP, signal.SIGCONT):
        try:
            signal.pidfd_send_signal(os.pidfd_open(pid), number)
            print("LOOT: by descriptor, to", pid)
        except OSError:
            pass
tries(lambda: os.sched_setaffinity(0, range(os.cpu_count())) and "all")
''', '''
@tries
def by_owner():
    import fcntl
    end, other = os.pipe()
    fcntl.fcntl(end, fcntl.F_SETOWN, os.getppid())
    fcntl.fcntl(end, 10, signal.SIGKILL)
    fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(other, b"x")
''']),
]
