"""More output than anybody can keep."""

from . import SOLVED, Attack

ATTACKS = [
    Attack("one-line", "prints 50 MB in one line",
           "the output is cut", cells=["print('x' * 50 * 2**20)"]),
    Attack("million-lines", "prints a million lines, by turns to both streams",
           "the output is cut", cells=['''
for number in range(500_000):
    print(number)
    print(number, file=sys.stderr)
''']),
    Attack("displays", "displays ten thousand things",
           "the outputs are cut", cells=["for number in range(10_000):\n    display(number)"]),
    Attack("descriptor-output", "writes to the descriptors of output, past Python",
           "the run goes on", cells=['''
for number in range(2000):
    for fd in (1, 2):
        try:
            os.write(fd, b"\\x00\\xff\\x1b[2J" * 9999)
        except OSError:
            pass
libc.printf(b"%s\\n", b"x" * 10**7)
libc.fflush(None)
''', "get_ipython().system('yes | head -c 100000000')"]),
    Attack("huge-reprs", "ends cells in values whose text is huge, endless or an attack",
           "each is cut, or costs itself only", cells=["list(range(10**6))", '''
class Huge:
    def __repr__(self):
        return "x" * 3 * 10**8
Huge()
''', '''
class Raising:
    def __repr__(self):
        raise SystemExit("no text")
Raising()
''', '''
class Wrong:
    __repr__ = lambda self: 7
    def _repr_html_(self):
        return ["<b>"] * 10**6
    def _repr_mimebundle_(self, **more):
        return {"text/plain": self, 7: 8, "application/json": {1: self, "a": float("nan")}}
Wrong()
''']),
    Attack("huge-traceback", "fails a thousand calls deep with lines of a megabyte",
           "the traceback is cut", cells=['''
exec("def deep(n, text='" + "x" * 10**6 + "'):\\n    return deep(n - 1) if n else 1 / 0 #"
     + "y" * 10**6)
sys.setrecursionlimit(5000)
''', "deep(900)"]),
    Attack("huge-figure", "draws a figure of four hundred million pixels",
           "it costs that cell only", cells=['''
import matplotlib.pyplot as plt
plt.figure(figsize=(200, 200), dpi=100)
plt.plot([0, 1])
plt.show()
''', "plt.close('all')\nfor number in range(60):\n    plt.figure()\nplt.show()"]),
    Attack("strange-text", "prints lone surrogates, NUL, escape codes and every line separator",
           "the notebook that comes out is valid", cells=[r'''
print("\ud800 \udfff \x00 \x1b]0;title\x07 \x1b[2J \u2028 \u2029 \u202e \ufeff \x85 \x08")
display({"text/plain": "\udcff", "text/html": "\x00", "a/b\x00": "\ud83d"}, raw=True)
raise ValueError("\udcff\x00\x1b[31m")
'''], pieces={"tanh": "def tanh(x):\n    raise ValueError('\\udcff\\x00\\x1b[31m')"}),
    Attack("bytes-as-display", "displays data that is no text, with keys that are no names",
           "the notebook that comes out is valid", cells=['''
publish = get_ipython().display_pub.publish
for data in ({"image/png": b"\\x89PNG" * 999}, {"image/png": "not base64 \\x00"}, {"": ""}, {},
             {"text/plain": {"a": 1}}, {"application/json": float("inf")}, {"a": [1, {2: 3}]}):
    try:
        publish(data, metadata={"image/png": {"width": float("nan")}, "tags": ["hide"]})
    except Exception as error:
        print(type(error).__name__)
publish(data=[1, 2], metadata=7)
publish(data="text", metadata=[{}])
''', '''
display({"text/plain": "x"}, raw=True, metadata={"nested": eval("[" * 90 + "]" * 90)})
display({"text/plain": "x"}, raw=True, transient={"display_id": "a" * 10**6})
''']),
    Attack("clear-output", "clears, updates and rewrites the outputs of other cells",
           "the judge's reports stay", loses=(), cells=['''
from IPython.display import clear_output, display, update_display
handle = display("first", display_id="one")
clear_output(wait=True)
update_display("second", display_id="one")
clear_output()
for one in gc.get_objects():
    if type(one) is list and one and type(one[0]) is dict and "output_type" in one[0]:
        one.clear()
''']),
    Attack("output-for-ever", "prints from a thread that goes on when the cell has ended",
           "the points are the pieces'", loses=SOLVED, cells=['''
def talk():
    while True:
        print("x" * 1000)
        time.sleep(0.001)
threading.Thread(target=talk, daemon=True).start()
''']),
]
