"""Taking all there is: processes, threads, memory, disk, descriptors."""

from . import SOLVED, Attack, answering

ATTACKS = [
    Attack("forks", "forks some hundred processes that sleep",
           "processes are refused, and none is left over", cells=['''
@tries
def by_fork():
    born = []
    try:
        for _ in range(200):
            pid = os.fork()
            if pid == 0:
                time.sleep(300)
                os._exit(0)
            born.append(pid)
    finally:
        print(len(born), "processes")
    return len(born) > 64

@tries
def by_clone():
    pid = libc.syscall({"x86_64": 57}.get(os.uname().machine, 220), 17, 0, 0, 0, 0)
    if pid == 0:
        time.sleep(300)
        os._exit(0)
    return pid > 0
''']),
    Attack("threads", "starts thousands of threads that sleep",
           "the points are the pieces'", loses=SOLVED, cells=['''
threading.stack_size(65536)
started = 0
try:
    for started in range(5000):
        threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
except BaseException as error:
    print(started, type(error).__name__)
''']),
    Attack("memory", "takes memory by NumPy, text and whole numbers until there is none",
           "it ends at the limit", cells=['''
kept = []
@tries
def by_numpy():
    for number in range(40):
        kept.append(np.ones(2**24))
    return "five gigabytes"
''', '''
kept = []
tries(lambda: bool("x" * 6 * 2**30))
tries(lambda: bool([0] * 10**9))
tries(lambda: bool(1 << 6 * 2**33))
'''],
           pieces=answering("np.ones((10**10,))", "tanh") | answering("'x' * 10**10", "elu")),
    Attack("mapped-memory", "takes memory by anonymous mappings, locked and shared",
           "it ends at the limit", cells=['''
import mmap
kept = []

@tries
def by_mmap():
    for number in range(40):
        kept.append(mmap.mmap(-1, 2**27))
        kept[-1].write(b"x" * 2**27)
    return "five gigabytes"
''']),
    Attack("memory-in-files", "takes memory by files that live in no folder",
           "it ends at the limit", cells=['''
@tries
def by_memfd():
    block, total, kept = bytes(2**22), 0, []
    for number in range(60):
        fd = os.memfd_create(f"memory{number}")
        kept.append(fd)
        for _ in range(15):
            total += os.write(fd, block)
    return total > 2.5 * 2**30 and f"{total >> 20} MiB"
''', '''
@tries
def by_pipes():
    total, kept = 0, []
    for number in range(400):
        kept.append(os.pipe())
        os.set_blocking(kept[-1][1], False)
        libc.fcntl(kept[-1][1], 1031, 2**20)
        total += os.write(kept[-1][1], bytes(2**20))
    return total > 350 * 2**20 and f"{total >> 20} MiB in pipes"
'''], after=["os.closerange(40, 1024)"], loses=SOLVED),
    Attack("large-file", "writes one file of gigabytes",
           "the file ends at the limit", cells=['''
@tries
def by_writing():
    block = bytes(2**24)
    with open("large.bin", "wb", 0) as file:
        for number in range(100):
            if file.write(block) < len(block):
                break
    return number > 60

@tries
def by_truncating():
    with open("hole.bin", "wb") as file:
        os.truncate(file.fileno(), 2**40)
    return os.path.getsize("hole.bin") > 2**33
''']),
    Attack("much-disk", "writes many files of a size that is allowed",
           "together they end at a limit, and nothing remains", loses=SOLVED, cells=['''
@tries
def by_many():
    total, block = 0, bytes(2**20)
    for number in range(30):
        with open(f"part{number}.bin", "wb", 0) as file:
            for _ in range(50):
                total += file.write(block)
    return total > 2**30 and f"{total >> 20} MiB"
''']),
    Attack("many-files", "makes twenty thousand files, which go on counting against it",
           "nothing remains", loses=SOLVED, cells=['''
for number in range(20000):
    try:
        open(f"file{number}", "w").close()
    except OSError:
        break
''']),
    Attack("deep-folders", "makes folders three thousand deep, and some that may not be entered",
           "nothing remains", cells=['''
here = os.getcwd()
try:
    for number in range(3000):
        os.mkdir("d" * 20)
        os.chdir("d" * 20)
except OSError:
    pass
os.chdir(here)
for number in range(9):
    os.makedirs(f"shut{number}/in/side", exist_ok=True)
    Path(f"shut{number}/in/file").write_text("here")
    os.chmod(f"shut{number}/in", 0)
    os.chmod(f"shut{number}", 0)
os.chmod(".", 0o500)
''']),
    Attack("odd-files", "makes files with names that no tool likes, pipes and sockets",
           "nothing remains", cells=['''
for name in ("-rf", "a\\nb", "\\udcff", "*", " ", "~", "$(reboot)", "é" * 100, "x" * 255):
    for make in (lambda p: open(p, "w").close(), os.mkfifo, os.mkdir):
        try:
            make(name)
        except (OSError, ValueError):
            pass
libc.ioctl(os.open(".", os.O_RDONLY), 0x40086602, ctypes.byref(ctypes.c_long(0x30)))  # immutable
''']),
    Attack("descriptors-all", "opens descriptors until there are none left",
           "it loses its own points at most", loses=SOLVED, cells=['''
kept = []
try:
    while True:
        kept.append(os.dup(0))
except OSError as error:
    print(len(kept), error.errno)
''']),
]
