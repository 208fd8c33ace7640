"""IPython as a kernel would run it, without the kernel: magics, displays, rich errors, figures."""

import io
import json
import re
from functools import cache

MOST = 100_000  # characters of output kept for one stream of a cell
ROOM = 50 * MOST  # and of all its outputs
REFUSED = {"tensorflow", "tf_keras", "keras", "torch", "jax", "jaxlib", "scipy", "sklearn"}
EVENTS = {  # of Python's audit: a sentence before the kernel's "operation not permitted"
    "subprocess.Popen": "other programs cannot be started here",
    "os.system": "other programs cannot be started here",
    "os.exec": "other programs cannot be started here",
    "os.posix_spawn": "other programs cannot be started here",
    "os.fork": "other processes cannot be started here",
    "socket.connect": "there is no network here",
    "socket.getaddrinfo": "there is no network here",
}


class Refuse:
    """An import hook: some libraries would do the exercise instead of the student."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ImportError(f"{name} cannot be used here: the answer has to be your own work, "
                              "in NumPy")
        return None


class Stream(io.TextIOBase):
    """Collects what is printed as notebook outputs, in order, up to a limit."""

    encoding = "utf-8"

    def __init__(self, name, outputs):
        self.name, self.outputs = name, outputs

    def write(self, text):
        last = self.outputs[-1] if self.outputs else {}
        if last.get("name") != self.name:
            last = {"output_type": "stream", "name": self.name, "text": ""}
            self.outputs.append(last)
        room = max(0, MOST - len(last["text"]))
        last["text"] += text[:room]
        if len(text) > room > 0:
            last["text"] += "\n… the rest of the output is left out …\n"
        return len(text)


def refuse_input(prompt=""):
    raise RuntimeError("input() cannot be used here: nobody is there to answer; "
                       "give the value in the code")


def refuse_programs(*command):
    raise RuntimeError("other programs cannot be started here: say it in Python")


def refuse_events(event, arguments):
    """Say what is missing in a sentence; that it is missing, the kernel sees to."""
    if event in EVENTS:
        raise PermissionError(f"{EVENTS[event]} ({event})")


def make_shell(outputs):
    """Return an IPython shell whose displays, results and errors land in `outputs`."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from pygments.lexer import words

    words.get = cache(words.get)  # a traceback makes lexers of its own: half of its time

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, **kwargs):
            outputs.append({"output_type": "display_data", "data": data,
                            "metadata": metadata or {}})

        def clear_output(self, wait=False):
            outputs.clear()

    class Hook(DisplayHook):
        def write_output_prompt(self):
            pass

        def write_format_data(self, format_dict, md_dict=None):
            outputs.append({"output_type": "execute_result", "data": format_dict,
                            "metadata": md_dict or {},
                            "execution_count": self.shell.execution_count})

    class Shell(InteractiveShell):
        displayhook_class, display_pub_class = Hook, Publisher

        def enable_gui(self, gui=None):
            pass

        def _format_exception_for_storage(self, *args, **kwargs):
            return {}  # for a history that nobody keeps; it costs as much as the traceback itself

        def _showtraceback(self, etype, evalue, stb):
            outputs.append({"output_type": "error", "ename": etype.__name__,
                            "evalue": str(evalue), "traceback": list(stb)})

    Shell.system = Shell.getoutput = staticmethod(refuse_programs)
    Shell.history_load_length = 0
    shell = Shell.instance(history_manager=None)
    shell.history_manager.enabled = False
    return shell


def plain_outputs(outputs):
    """Drop what is not JSON, and what is too long."""
    kept, room = [], ROOM
    for output in outputs[:200]:
        try:
            text = json.dumps(output, default=repr)
        except Exception:  # a repr of the student's can raise anything
            continue
        room -= len(text)
        if output.get("text") == "" or room < 0:
            continue
        output = json.loads(text)
        data = output.get("data", {})
        for kind, value in list(data.items()):
            if len(str(value)) > 20 * MOST:
                data[kind] = "… left out: too long …"
        if "traceback" in output:
            output["evalue"] = output["evalue"][:2000]
            output["traceback"] = [re.sub(r"(File )?\S*/autograder/\S+", "", t)[:5000]
                                   for t in output["traceback"][-20:]]
        kept.append(output)
    return kept
