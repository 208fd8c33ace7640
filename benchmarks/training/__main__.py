"""Compare libraries at training one network: ``python -m benchmarks.training --help``."""

import subprocess
import sys
from pathlib import Path
from statistics import median

import click
import numpy as np

from benchmarks.grading.results import machine, write
from benchmarks.workers import ROOT, interleaved, seconds

HERE = Path(__file__).parent
NAMES = {"nnlib": "nnlib", "keras": "Keras `fit`", "graph": "TensorFlow, an epoch as one graph",
         "torch": "PyTorch, eager", "sklearn": "scikit-learn `MLPClassifier`"}
WORKLOADS = {
    "digits": ("1437 64-64-10 32", "1,437 × 64, 64-64-10, batch 32"),
    "mnist": ("60000 784-128-64-10 128", "60,000 × 784, 784-128-64-10, batch 128"),
}
OPTIMIZERS = ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Ftrl"]
SAMPLES, WIDTHS = [500, 1000, 2000, 4000, 8000], [128, 256, 512, 1024]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--repeat", default=7, show_default=True, help="Times that each is measured.")
@click.option("--without", multiple=True, type=click.Choice(list(NAMES)[1:]),
              help="Leave a library out.")
@click.option("--output", type=click.Path(path_type=Path), default=HERE / "results",
              help="Where to: .md and .json are added.  [default: results, beside the code]")
def main(repeat, without, output):
    """Train the same network on the same data with nnlib, Keras, PyTorch and scikit-learn.

    A process for each library, one thread, Adam, the same starting weights and order of
    samples, in turn. It takes about ten minutes. PyTorch and scikit-learn are installed on first
    use, into an environment of their own.

    \b
    Example: python -m benchmarks.training --repeat 3 --without torch --without sklearn
    """
    names = [name for name in NAMES if name not in without]
    jobs = [(("epoch", load), name, f"{text} {3 if load == 'digits' else 2}")
            for load, (text, _) in WORKLOADS.items() for name in names]
    jobs += [(("step", kind), name, f"optimizer {kind}") for kind in OPTIMIZERS
             for name in ("nnlib", "keras") if name in names]
    jobs += [(("samples", n), "nnlib", f"{n} 64-64-10 32 2") for n in SAMPLES]
    jobs += [(("width", n), "nnlib", f"2000 256-{n}-{n}-10 128 2") for n in WIDTHS]
    found = interleaved(HERE / "worker.py", jobs, repeat)
    text = _text(found, names, repeat)
    click.echo(text)
    write(output, text, {"machine": machine(), "found": [
        {"what": list(key), "library": name, "runs": runs}
        for key, each in found.items() for name, runs in each.items()]})


def _text(found, names, repeat):
    lines = ["# Training", "", machine(), "",
             f"Adam, one thread for each library, medians of {repeat} interleaved runs; a ratio is",
             "the median of the ratios run by run. The epoch is the last of two or three, so that",
             "what a library prepares once is left out. No shuffling, the same starting weights",
             "(scikit-learn draws its own).", ""]
    for load, (_, title) in WORKLOADS.items():
        runs = found["epoch", load]
        lines += [f"| {title} | ms an epoch | nnlib is faster by | loss of the last epoch |",
                  "|---|---|---|---|"]
        ours = seconds(runs["nnlib"])
        for name in names:
            theirs = seconds(runs[name])
            ratio = median(b / a for a, b in zip(ours, theirs, strict=True))
            lines.append(f"| {NAMES[name]} | {median(theirs) * 1e3:.2f} | "
                         f"{'' if name == 'nnlib' else f'{ratio:.1f}×'} | "
                         f"{runs[name][0]['losses'][-1]:.5f} |")
        lines.append("")
    if "keras" in names:
        lines += ["| a step on 1,000,000 parameters | nnlib, ms | Keras in a graph, ms | "
                  "nnlib ÷ Keras |", "|---|---|---|---|"]
        for kind in OPTIMIZERS:
            a, b = (seconds(found["step", kind][name]) for name in ("nnlib", "keras"))
            ratio = median(x / y for x, y in zip(a, b, strict=True))
            lines.append(f"| {kind} | {median(a) * 1e3:.2f} | {median(b) * 1e3:.2f} | "
                         f"{ratio:.2f} |")
        lines.append("")
    lines += ["| cost of an epoch grows | log-log slope |", "|---|---|"]
    for what, sizes, grows in (("samples", SAMPLES, SAMPLES),
                               ("width", WIDTHS, [256 * n + n * n + 10 * n for n in WIDTHS])):
        times = [median(seconds(found[what, size]["nnlib"])) for size in sizes]
        slope = np.polyfit(np.log(grows), np.log(times), 1)[0]
        unit = "samples" if what == "samples" else "parameters"
        lines.append(f"| with {unit}, {grows[0]:,} to {grows[-1]:,} | {slope:.2f} |")
    load, memory = _imports()
    lines += ["", f"`import nnlib.network` takes {load * 1e3:.0f} ms and {memory:.1f} MiB beyond "
              "NumPy."]
    return "\n".join(lines) + "\n"


def _imports():
    """Return seconds and MiB that the library costs beyond NumPy, the median of seven starts."""
    code = ("import time, numpy; pages = lambda: int(open('/proc/self/statm').read().split()[1]); "
            "before, start = pages(), time.perf_counter(); "
            "import nnlib.network, nnlib.optimizers, nnlib.losses; "
            "print(time.perf_counter() - start, (pages() - before) * 4096 / 2**20)")
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           cwd=ROOT).stdout.split() for _ in range(7)]
    return median(float(run[0]) for run in runs), median(float(run[1]) for run in runs)


if __name__ == "__main__":
    main()
