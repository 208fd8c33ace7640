"""Changing what is imported, and what runs when something starts."""

from . import SOLVED, Attack, answering

WRONG = answering("np.full(np.shape(x), 0.123)", "tanh", "step", "softplus", "elu")


def own_modules(folder, root):
    """Put modules of the grader's names, and its settings, beside a submission."""
    text = 'open("/tmp/attack-mark-module", "w").write("attack-mark")\n'
    for name in ("tensorflow", "numpy", "autograder", "json", "nbgrader", "sitecustomize",
                 "nbgrader_config", "usercustomize", "conftest", "IPython"):
        (folder / f"{name}.py").write_text(text)
    (folder / ".ipython" / "profile_default" / "startup").mkdir(parents=True)
    (folder / ".ipython" / "profile_default" / "startup" / "00-attack.py").write_text(text)


def timestamp(text):
    def beside(folder, root):
        (folder / "timestamp.txt").write_bytes(text)
    return beside


ATTACKS = [
    Attack("import-hooks", "takes the hooks away that refuse libraries, and imports them",
           "no library does the exercise", cells=['''
import builtins, importlib, importlib.machinery, site
sys.meta_path[:] = [importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter,
                    importlib.machinery.PathFinder]
sys.path_hooks[:] = [importlib.machinery.FileFinder.path_hook(
    (importlib.machinery.SourceFileLoader, [".py"]),
    (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES))]
sys.path_importer_cache.clear()
sys.path += ["@SITE@", *site.getsitepackages()]
for name in ("tensorflow", "keras", "torch", "jax", "scipy.special"):
    tries(lambda: importlib.import_module(name))
    tries(lambda: importlib._bootstrap._gcd_import(name))
    tries(lambda: importlib.machinery.PathFinder.find_spec(name).loader.load_module(name))
tanh_of = lambda x: importlib.import_module("keras").ops.tanh(x).numpy()
'''], pieces=answering("tanh_of(x)", "tanh")),
    Attack("start-up-files", "plants files that Python, IPython and Matplotlib run when they start",
           "no file of the grader's changes", cells=['''
import site
text = 'open("/tmp/attack-mark-start", "w").write("attack-mark")\\n'
homes = {"@HOME@", os.path.expanduser("~"), os.environ.get("IPYTHONDIR", "."), "@ROOT@"}
for home in homes:
    for name in (".ipython/profile_default/startup/00-attack-mark.py",
                 "profile_default/startup/00-attack-mark.py", ".config/pip/attack-mark.conf",
                 ".local/lib/python3.11/site-packages/attack-mark.pth", ".bashrc", ".profile",
                 ".jupyter/jupyter_config.py", "nbgrader_config.py",
                 ".config/matplotlib/matplotlibrc"):
        try:
            path = Path(home, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("a").write("# attack-mark\\n" + text)
        except OSError:
            pass
for folder in (*site.getsitepackages(), "@SITE@", "@ROOT@", os.path.dirname(os.__file__)):
    try:
        Path(folder, "attack-mark.pth").write_text("# harmless, should it ever be read\\n")
    except OSError:
        pass
''']),
    Attack("own-modules", "writes modules of the grader's names into the working folder",
           "the grader imports its own", pieces=WRONG, loses=SOLVED, cells=['''
import importlib, shutil
for name in ("numpy", "tensorflow", "json", "autograder", "nnlib", "traceback"):
    Path(f"{name}.py").write_text("def __getattr__(name):\\n    return lambda *v, **m: 6.0\\n")
shutil.rmtree("autograder", ignore_errors=True)
for name in [n for n in sys.modules if n.split(".")[0] in ("autograder", "json")]:
    del sys.modules[name]
importlib.invalidate_caches()
import autograder
''']),
    Attack("modules-beside", "hands in modules, start-up files and settings beside the notebook",
           "none of them is run", beside=own_modules),
    Attack("timestamp-of-noise", "hands in a time stamp that is no time",
           "it is graded, or a reason is named", beside=timestamp(b"\x00\xffnever\n" * 9),
           refused=True),
    Attack("timestamp-of-old", "hands in a time stamp of long ago",
           "it changes no points", beside=timestamp(b"0001-01-01 00:00:00 UTC\n")),
    Attack("import-function", "replaces the function behind every import",
           "it loses its own points at most", pieces=WRONG, loses=SOLVED, cells=['''
import builtins, types
kept = builtins.__import__
def lying(name, *more):
    module = kept(name, *more)
    if name.split(".")[0] in ("autograder", "numpy") and more and more[2:3] not in ((), (None,)):
        return types.SimpleNamespace(**{key: (lambda *v, **m: True) for key in dir(module)})
    return module
builtins.__import__ = lying
''']),
]
