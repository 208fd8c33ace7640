"""Speaking in the runner's place: forged, early, endless and broken replies."""

from . import SOLVED, Attack, answering

FORGED = r'''
import base64, io, json, stat, struct

def writable():
    """Return the descriptors that the runner may answer by."""
    found = []
    for fd in range(0, 256):
        try:
            kind = os.fstat(fd).st_mode
        except OSError:
            continue
        if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
            found.append(fd)
    return found

def bytes_of(array):
    file = io.BytesIO()
    np.save(file, array)
    return base64.b64encode(file.getvalue()).decode()

def say(data):
    for fd in writable():
        try:
            os.set_blocking(fd, False)
            os.write(fd, data)
        except OSError:
            pass
        finally:
            try:
                os.set_blocking(fd, True)
            except OSError:
                pass
value = {"": {"npy": bytes_of(np.full((3, 4), 0.123))}}
'''

ATTACKS = [
    Attack("forged-replies", "writes replies with full marks on every descriptor",
           "it loses its own points at most", loses=SOLVED, cells=[FORGED, '''
for number in range(200):
    say(json.dumps({"id": number, "ok": True, "points": 600, "passed": True, "value": value,
                    "outputs": [{"output_type": "execute_result", "data": {"text/plain": "600.0"},
                                 "metadata": {"autograder": {"points": 600}}}]}).encode() + b"\\n")
''']),
    Attack("forged-frames", "writes frames of all lengths and kinds on every descriptor",
           "it loses its own points at most", loses=SOLVED, cells=[FORGED, '''
for length in (0, 1, 4, 2**31 - 1, 2**32 - 1, 2**63 - 1):
    for form in ("<I", ">I", "<Q", ">Q"):
        try:
            say(struct.pack(form, length) + b"[]" * 99)
        except struct.error:
            pass
''', "say(bytes(range(256)) * 99)"]),
    Attack("replies-in-pieces", "answers in the runner's place while a piece is judged",
           "it loses its own points at most", loses=SOLVED, cells=[FORGED],
           pieces=answering("say(json.dumps({'id': 1, 'value': value}).encode() + b'\\n') or 0.1",
                            "tanh", "step", "elu")),
    Attack("deep-replies", "writes text nested a million levels deep in the runner's place",
           "the judge goes on", loses=SOLVED, cells=[FORGED, r'''
say(b"[" * 10**6 + b"\n")
''', r'''say(b'{"a":' * 10**5 + b"\n")''', 'say(b"9" * 10**6 + b"\\n")',
                                                  'say(b"\\xff\\xfe\\x00" * 999 + b"\\n")']),
    Attack("endless-reply", "writes a reply that never ends",
           "it is ended from outside", loses=SOLVED, cells=[FORGED, '''
while True:
    for fd in writable():
        try:
            os.write(fd, b"x" * 65536)
        except OSError:
            pass
''']),
    Attack("closed-descriptors", "closes every descriptor",
           "the run goes on", loses=SOLVED, cells=["os.closerange(0, 4096)"]),
    Attack("swapped-descriptors", "puts a file and a pipe in the place of every descriptor",
           "the run goes on", loses=SOLVED, cells=['''
end, other = os.pipe()
for fd in range(0, 64):
    if fd not in (end, other):
        try:
            os.dup2(other if fd % 2 else os.open(os.devnull, os.O_RDWR), fd)
        except OSError:
            pass
''']),
    Attack("eats-requests", "reads the requests that are meant for the runner",
           "it is ended from outside", loses=SOLVED, cells=[FORGED, '''
def eat(fd):
    while True:
        try:
            if found := secrets(os.read(fd, 65536)):
                print("LOOT:", found)
        except OSError:
            time.sleep(0.1)
for fd in writable():
    threading.Thread(target=eat, args=(fd,), daemon=True).start()
''']),
    Attack("frozen-replies", "takes the runner's lock and never gives it back",
           "it is ended from outside", loses=SOLVED, cells=['''
import _thread
locks = [o for o in gc.get_objects() if type(o).__name__ in ("lock", "RLock", "_RLock")]
for lock in locks:
    lock.acquire(False)
gc.disable()
sys.setswitchinterval(1e9)
''']),
]
