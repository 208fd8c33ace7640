"""The process that runs a student's notebook. It knows inputs and no answer.

Started by `autograder.sandbox` as ``python -I -S inside.py``; reads requests from its standard
input and writes replies to its standard output, one JSON line each. What the student's code
prints goes elsewhere.
"""

import builtins
import io
import json
import os
import re
import sys

REFUSED = {"tensorflow", "keras", "torch", "jax", "jaxlib", "tf_keras"}
MOST = 100_000  # characters of output kept for one cell


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


def check_later(target, name=None):
    print("check: the grader judges this piece itself")


def make_shell(outputs):
    """Return an IPython shell whose displays, results and errors land in `outputs`."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

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

        def _showtraceback(self, etype, evalue, stb):
            outputs.append({"output_type": "error", "ename": etype.__name__,
                            "evalue": str(evalue), "traceback": list(stb)})

    Shell.history_load_length = 0
    shell = Shell.instance(history_manager=None)
    shell.history_manager.enabled = False
    return shell


def main():
    requests, replies = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    setting = json.loads(requests.readline())
    sys.path[:] = [setting["box"], *[p for p in sys.path if p], *setting["packages"]]
    sys.meta_path.insert(0, Refuse())
    builtins.input = refuse_input
    outputs = []
    shell = make_shell(outputs)

    import autograder
    from autograder.arrays import from_json, to_json
    from autograder.attempt import attempt

    autograder.check = check_later

    def reply(message):
        text = json.dumps(message)
        replies.write(text + "\n")
        replies.flush()

    def run(source):
        outputs.clear()
        out, err = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = Stream("stdout", outputs), Stream("stderr", outputs)
        try:
            result = shell.run_cell(source, store_history=True)
        finally:
            sys.stdout, sys.stderr = out, err
        return {"ok": bool(result.success), "outputs": plain_outputs(outputs)}

    def call(name, scenario, inputs):
        if name not in shell.user_ns:
            return {"error": {"type": "NameError", "line": "", "number": 0,
                              "message": f"there is no {name} at this point of the notebook: its "
                              "cell is missing, further down, or stopped before the definition"}}
        out, err = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = Stream("stdout", [])
        try:
            account = attempt(shell.user_ns[name], from_json(inputs), scenario)
        finally:
            sys.stdout, sys.stderr = out, err
        if "value" in account:
            account["value"] = {k: to_json(v, binary=True) for k, v in account["value"].items()}
        return account

    number = 0
    reply({"id": number})
    while True:
        try:
            line = requests.readline()
            if not line:
                return
            request = json.loads(line)
            number = request["id"]
            if "run" in request:
                answer = run(request["run"])
            else:
                answer = call(request["call"], request["scenario"], request["inputs"])
        except KeyboardInterrupt:
            answer = {"interrupted": True}
        except MemoryError:
            answer = {"memory": True}
        except BaseException as error:  # the student's own objects can raise anything, anywhere
            name = type(error).__name__
            answer = {"outputs": [{"output_type": "error", "ename": name, "evalue": "",
                                   "traceback": [name]}],
                      "refused": f"raised {name} when its answer was read"}
        reply(answer | {"id": number})


def plain_outputs(outputs):
    """Drop what is not JSON, and what is too long."""
    kept, room = [], 100 * MOST
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


if __name__ == "__main__":
    main()
