"""Replies by somebody who has read how the runner and the judge speak to each other."""

from . import SOLVED, Attack

SPEAK = '''
import json, stat, struct

def number():
    """Return the number of the request that is being answered."""
    frame, found = sys._getframe(), None
    while frame:
        found = frame.f_locals.get("number", found) if frame.f_code.co_name == "serve" else found
        frame = frame.f_back
    return found

def say(message, body=b""):
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    data = struct.pack("!II", len(text), len(body)) + text + body
    for fd in range(64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                end = memoryview(data)
                while end:
                    end = end[os.write(fd, end):]
        except OSError:
            pass

def answer(value, body=b""):
    say({"id": number(), "value": {"": value}}, body)
    return 0.1
'''


def tanh(expression):
    return {"tanh": f"def tanh(x):\n    return {expression}"}


ATTACKS = [
    Attack("one-body-many-times", "answers with eight hundred arrays that are the same 4 MB",
           "the judge does not copy it for each", cells=[SPEAK], loses=SOLVED, pieces=tanh(
               "answer({'tuple': [{'bytes': [1, 2**22], 'dtype': '|u1', 'shape': [2**22 - 1]}]"
               " * 800}, bytes(2**22))")),
    Attack("wide-dtypes", "answers with forty short texts, each to be kept in 80 MB",
           "the judge makes no room for them", cells=[SPEAK], loses=SOLVED, pieces=tanh(
               "answer({'array': ['a'] * 40, 'dtype': 'U20000000', 'shape': [40]})")),
    Attack("odd-arrays", "answers with descriptions of arrays that do not fit",
           "they are wrong answers", cells=[SPEAK], loses=SOLVED, pieces={
               name: f"def {name}(x, *rest):\n    return answer({value}, bytes(96))"
               for name, value in (
                   ("tanh", "{'bytes': [-8, 88], 'dtype': '<f8', 'shape': [3, 4]}"),
                   ("step", "{'bytes': [0, 96], 'dtype': 'O', 'shape': [3, 4]}"),
                   ("softplus", "{'bytes': [0, 0], 'dtype': '<f8', 'shape': [0] + [2**40] * 9}"),
                   ("elu", "{'bytes': [0, 96], 'dtype': [['a', 'O']], 'shape': True}"),
                   ("silu", "{'array': {}, 'dtype': None, 'shape': 'x'}"))}),
    Attack("odd-accounts", "answers with accounts whose parts are of other kinds",
           "they are wrong answers", cells=[SPEAK], loses=SOLVED, pieces=tanh(
               "say({'id': number(), 'error': {'type': [9] * 999, 'line': {}, 'message': None},"
               " 'warnings': [{}, 9] * 99, 'changed': 7, 'value': [], 'refused': {}}) or 0.1")),
    Attack("million-outputs", "replies that a cell had a million outputs",
           "a bounded number is kept", loses=SOLVED, cells=[SPEAK, '''
say({"id": number(), "ok": True, "outputs": [0] * 1_000_000})
''']),
    Attack("odd-outputs", "replies with outputs that no notebook may hold",
           "the notebook that comes out is valid", loses=SOLVED, cells=[SPEAK, '''
report = {"points": 600.0, "passed": True, "name": "tanh", "cases": []}
say({"id": number(), "ok": [], "outputs": [
    7, None, [], {"output_type": "stream", "text": {"a": [1]}, "name": 9},
    {"output_type": "error", "ename": [], "evalue": {}, "traceback": [[], {}, None]},
    {"output_type": "display_data", "data": {"a": 1, "x/json": {"a": []}}, "metadata": []},
    {"output_type": "execute_result", "data": {"text/plain": "600.0"}, "execution_count": "x",
     "metadata": {"autograder": report, "AutoGrader": report, "a": {"autograder": report}}},
    {"output_type": "update_display_data", "data": {}}, {"output_type": ["error"]}]})
''']),
    Attack("names-of-ids", "replies under numbers that only look like the one that was asked",
           "they are passed over, or its own loss", loses=SOLVED, cells=[SPEAK, '''
asked = number() or 0
for one in (True, float(asked), str(asked), [asked], None, asked + 1, -asked, 10**4000):
    try:
        say({"id": one, "ok": True, "outputs": [], "value": {}})
    except ValueError:
        pass
say(b'{"id": ' + b"9" * 5000 + b"}")
say(b'{"id": NaN, "id": Infinity}')
''']),
    Attack("slow-the-second-time", "is fast at first, and slow when its cells are repeated",
           "repeating counts as time of the notebook", loses=SOLVED,
           cells=["if os.path.exists('again'):\n    time.sleep(1.5)"] * 40
           + ["Path('again').write_text('1')\nos._exit(0)"]),
]
