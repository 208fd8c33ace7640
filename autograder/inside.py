"""The process that runs a student's notebook. It knows inputs and no answer.

Started by `autograder.sandbox` as ``python -I -S inside.py SETTING``. As a *zygote* it warms up
once (NumPy, Matplotlib, IPython), holds no secret, and forks a child for each submission, which
confines itself before the student's first line. Where there is no fork, it serves one submission
itself. The child answers frames (see `autograder.wire`) and knows nothing of the judge.
"""

import builtins
import contextlib
import gc
import json
import os
import random
import select
import signal
import socket
import struct
import sys
from pathlib import Path

SETTING = json.loads(sys.argv[1])
sys.path[:] = [str(Path(__file__).resolve().parent.parent), *sys.path, *SETTING["packages"]]
import numpy as np  # noqa: E402
import numpy.random  # noqa: E402  (NumPy itself would wait until it is used)

import autograder  # noqa: E402
from autograder import shell as shells  # noqa: E402
from autograder.arrays import from_json, to_json  # noqa: E402
from autograder.attempt import attempt  # noqa: E402
from autograder.wire import frame, read_frame  # noqa: E402

if sys.platform != "win32":
    from autograder.confine import confine, landlock, landlock_rules

outputs = []
STATUS = struct.Struct("i")


def main():
    shell = warm_up()
    if SETTING["zygote"]:
        zygote(socket.socket(fileno=0), shell)
    judge = socket.create_connection(("127.0.0.1", SETTING["port"]))
    judge.sendall(sys.stdin.buffer.read())
    if sys.platform != "win32":
        rules = landlock_rules(**SETTING["files"])
        confine(SETTING["limits"], ruleset=landlock(rules, SETTING["box"]))
        for _, descriptor in rules:  # or the limit of open files is reached before the first
            os.close(descriptor)
    enter(SETTING["box"])
    serve(judge, shell)


def warm_up():
    """Import all that a notebook needs, then forget where it came from."""
    shell = shells.make_shell(outputs)
    for cell in ("import matplotlib.pyplot as plt\nplt.plot([0, 1])\nplt.title('$x$')", "1 / 0"):
        shell.run_cell(cell)
    shell.reset(new_session=True)
    shell.execution_count = 1
    outputs.clear()
    autograder.check, autograder.__path__ = check_later, []
    sys.path[0] = SETTING["box"]
    sys.meta_path.insert(0, shells.Refuse())
    builtins.input = shells.refuse_input
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return shell


def check_later(target, name=None):
    print("check: the grader judges this piece itself")


def zygote(control, shell):
    """Fork a child for each request; pass on signals, and how each child ended.

    With a request come two descriptors: the child's channel, and a pipe for its exit status,
    whose other end says by closing that nobody wants the child any more.
    """
    rules = landlock_rules(**SETTING["files"])
    beat, pulse = os.pipe()
    os.set_blocking(pulse, False)
    signal.set_wakeup_fd(pulse, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    events = select.poll()
    events.register(control, select.POLLIN)
    events.register(beat, select.POLLIN)
    children = {}  # by name: process id and status pipe
    gc.collect()
    gc.freeze()
    while True:
        for descriptor, _ in events.poll():
            if descriptor == control.fileno():
                data, descriptors, _, _ = socket.recv_fds(control, 2**16, 2)
                request = json.loads(data) if data else {"over": True}
                if "over" in request:
                    for child, _ in children.values():
                        os.kill(child, signal.SIGKILL)
                    os._exit(0)
                elif "signal" in request:
                    if request["id"] in children:
                        os.kill(children[request["id"]][0], request["signal"])
                else:
                    children[request["id"]] = begin(request, *descriptors, rules, shell)
                    events.register(descriptors[1], 0)
            elif descriptor == beat:
                os.read(beat, 2**10)
            else:
                for child, status in children.values():
                    if status == descriptor:
                        os.kill(child, signal.SIGKILL)
        for name, (child, status) in list(children.items()):
            ended, code = os.waitpid(child, os.WNOHANG)
            if ended:
                del children[name]
                events.unregister(status)
                with contextlib.suppress(OSError):
                    os.write(status, STATUS.pack(os.waitstatus_to_exitcode(code)))
                os.close(status)


def begin(request, channel, status, rules, shell):
    """Fork a child, confine it, and let it serve; return its id and where its status goes."""
    child = os.fork()
    if child:
        os.close(channel)
        return child, status
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    ruleset = landlock(rules, request["box"])
    low = 3
    for kept in sorted({channel, null, ruleset} - {None}):
        os.closerange(low, kept)
        low = kept + 1
    os.closerange(low, 4096)
    confine(request["limits"], request["uid"], ruleset, request["reads"])
    enter(request["box"])
    os.dup2(null, 2)  # not before: what goes wrong so far is the grader's to know
    os.close(null)
    serve(socket.socket(fileno=channel), shell)


def enter(box):
    """Make the box the place where the code lives, and chance the same for all."""
    os.chdir(box)
    os.environ.update(HOME=box, TMPDIR=box, IPYTHONDIR=box)
    sys.path[0] = box
    random.seed(0)
    np.random.seed(0)


def serve(judge, shell):
    """Answer requests until they end: run a cell, or attempt a case."""
    requests = judge.makefile("rb", 2**16)
    sys.addaudithook(shells.refuse_events)

    def run(source):
        outputs.clear()
        out, err = sys.stdout, sys.stderr
        sys.stdout = shells.Stream("stdout", outputs)
        sys.stderr = shells.Stream("stderr", outputs)
        try:
            result = shell.run_cell(source, store_history=True)
        finally:
            sys.stdout, sys.stderr = out, err
        return {"ok": bool(result.success), "outputs": shells.plain_outputs(outputs)}

    def call(name, request, inputs, buffers):
        if name not in shell.user_ns:
            return {"error": {"type": "NameError", "line": "", "number": 0,
                              "message": f"there is no {name} at this point of the notebook: its "
                              "cell is missing, further down, or stopped before the definition"}}
        out, err = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = shells.Stream("stdout", [])
        try:
            account = attempt(shell.user_ns[name], inputs, request["scenario"],
                              request["forbidden"])
        finally:
            sys.stdout, sys.stderr = out, err
        if "value" in account:
            account["value"] = {k: to_json(v, buffers) for k, v in account["value"].items()}
        return account

    def write(message, buffers=()):
        judge.sendall(frame(message, buffers))

    number = 0
    write({"id": number})
    while True:
        buffers = []
        try:
            request = read_frame(requests)
            if request is None:
                os._exit(0)
            request, body = request
            number = request["id"]
            if "run" in request:
                answer = run(request["run"])
            else:
                answer = call(request["call"], request, from_json(request["inputs"], body),
                              buffers)
        except KeyboardInterrupt:
            answer = {"interrupted": True}
        except MemoryError:
            answer = {"memory": True}
        except BaseException as error:  # the student's own objects can raise anything, anywhere
            name = type(error).__name__
            answer = {"outputs": [{"output_type": "error", "ename": name, "evalue": "",
                                   "traceback": [name]}],
                      "refused": f"raised {name} when its answer was read"}
        write(answer | {"id": number}, buffers if "value" in answer else ())


if __name__ == "__main__":
    main()
