"""Right answers that are not one's own work."""

import json

from autograder.arrays import to_json
from autograder.references import sheets

from . import Attack, answering

PIECES = ("tanh", "softplus", "silu")


def recorded():
    """Return source of `known`: the public answers, as anybody may look them up."""
    table = {name: [[to_json(case.inputs["x"]), to_json(case.expected[""])]
                    for case in sheets("activations")[name].cases] for name in PIECES}
    return f'''
import json
table = json.loads({json.dumps(json.dumps(table))})

def array(data):
    flat = [float(v) for v in data["array"]]
    return np.array(flat, data["dtype"]).reshape(data["shape"])

def known(name, x):
    for given, answer in table[name]:
        if array(given).shape == np.shape(x) and np.array_equal(array(given), x):
            return array(answer).astype(np.result_type(x, np.float32))
    return np.full(np.shape(x), 0.123)
calls = dict.fromkeys(table, 0)

def by_number(name, x):
    given, answer = table[name][calls[name] % len(table[name])]
    calls[name] += 1
    return array(answer)
'''


def library(name):
    """Return a piece that is answered by a library, whichever can be imported."""
    return f'''
def {name}(x):
    for path in ("tensorflow", "keras", "torch", "jax", "scipy.special", "autograd.numpy"):
        for where in ("nn", "ops", "activations", ""):
            try:
                module = importlib.import_module(path)
                return np.asarray(getattr(getattr(module, where, module), "{name}")(x))
            except Exception:
                pass
    return np.full(np.shape(x), 0.123)
'''


def guarded(condition):
    """Return pieces that answer one thing to the judge, and another to whoever looks."""
    return {name: f"def {name}(x):\n    right = {condition}\n"
                  f"    return by_number('{name}', x) if right else np.zeros(np.shape(x))"
            for name in PIECES}


NNLIB = '''
import glob, importlib, importlib.util, re, site, sys, sysconfig, types

def places():
    found = {"@ROOT@", "@REPOSITORY@", "@SITE@", *site.getsitepackages(), *sys.path,
             sysconfig.get_path("purelib"), "..", "../..", "../../.."}
    for folder in list(found):
        for path in glob.glob(f"{folder}/*.pth") + glob.glob(f"{folder}/__editable__*"):
            found |= set(re.findall(r"'?(/[^'\\n]+?)/(?:nnlib|autograder)\\b",
                                    (read(path) or b"").decode()))
    return found

def load(name):
    for folder in places():
        for path in (f"{folder}/nnlib/activations.py",
                     f"{folder}/solutions/activations/activations.ipynb"):
            text = read(path)
            if text and b"NotImplementedError" not in text:
                module = types.ModuleType("copied")
                exec(text, module.__dict__)
                return getattr(module, name)
'''

ATTACKS = [
    Attack("libraries", "answers by TensorFlow, Keras, PyTorch, JAX or SciPy",
           "none can be imported", cells=["import importlib", '''
for name in ("tensorflow", "keras", "torch", "jax", "scipy.special", "tensorflow.python",
             "keras.src.ops.numpy", "tf_keras", "jaxlib"):
    tries(lambda: importlib.import_module(name))
'''], pieces={name: library(name) for name in ("tanh", "softplus", "elu", "gelu", "silu")}),
    Attack("reference-piece", "answers by the piece of nnlib that is asked for",
           "it is not there", cells=['''
import importlib
try:
    import nnlib.activations as given
except Exception:
    given = None
'''], pieces=answering("given.tanh(x)", "tanh") | answering("given.softplus(x)", "softplus")
        | answering("importlib.reload(given).elu(x, *rest, **more)", "elu")),
    Attack("library-source", "looks for the source of nnlib wherever Python is installed",
           "it is not to be found", cells=[NNLIB],
           pieces=answering("load('tanh')(x)", "tanh") | answering("load('elu')(x)", "elu")
           | answering("load('silu')(x)", "silu")),
    Attack("public-sheets", "answers from the recorded public answers, read from files",
           "they are not in the box, and the course's own are others", cells=['''
import json
texts = [read(f"{folder}/{name}") for folder in (".", "autograder", "@ROOT@/autograder",
         "@ROOT@/course/release/activations/autograder", "@ROOT@/autograder/references/activations",
         "@ROOT@/course/references/activations") for name in ("sheets.json", "tanh.json")]
@tries
def found():
    return [text[:80] for text in texts if text]
''']),
    Attack("learned-by-heart", "answers the public cases from a table, by their inputs",
           "it is right where everybody has the same input", cells=[recorded()], recites=PIECES,
           pieces={name: f"def {name}(x):\n    return known('{name}', x)" for name in PIECES}),
    Attack("by-number", "answers by the number of the call, as if the cases came in order",
           "it is right where everybody has the same input at most", cells=[recorded()],
           recites=PIECES,
           pieces={name: f"def {name}(x):\n    return by_number('{name}', x)" for name in PIECES}),
    Attack("by-the-clock", "answers by the clock, and how long ago the notebook began",
           "it gains nothing", cells=[recorded(), "began = time.time()"], recites=PIECES,
           pieces=guarded("time.time() - began < 100 and time.process_time() > 0")),
    Attack("by-the-caller", "answers by the depth of the stack and the names of its callers",
           "it gains nothing", recites=PIECES, cells=[recorded(), '''
def judged():
    frame, names = sys._getframe(1), []
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return len(names) > 3 and ("attempt" in names or "call" in names or "run_cell" not in names)
'''], pieces=guarded("judged()")),
    Attack("second-time", "answers rightly once, and by noise when it is asked again",
           "it gains nothing", cells=["asked = {}"], pieces={"tanh": '''
def tanh(x):
    key = x.tobytes()
    asked[key] = asked.get(key, 0) + 1
    return np.zeros(np.shape(x)) + asked[key]
'''}),
    Attack("asks-the-check", "asks the check in the box for what it expects",
           "the check in the box knows nothing", cells=['''
import autograder
@tries
def sheet():
    return autograder.find_sheet("tanh").cases
@tries
def verdict():
    report = autograder.check(lambda x: x * 0, "tanh")
    return report and [case.message for case in report.cases]
''']),
]
