"""Compare libraries at convolution and recurrence: ``python -m benchmarks.layers --help``."""

from pathlib import Path
from statistics import median

import click
import numpy as np

from benchmarks.grading.results import machine, write
from benchmarks.workers import interleaved, seconds

HERE = Path(__file__).parent
NAMES = {"nnlib": "nnlib", "graph": "Keras in a graph", "torch": "PyTorch"}
# Name: what is asked of the worker, and the largest share of Keras's time that is good enough.
LAYERS = {
    "Conv2D A, 28×28, 1 → 8": ("Conv2D 32x28x28x1 8 valid", 0.7),
    "Conv2D B, 14×14, 8 → 16": ("Conv2D 32x14x14x8 16 valid", 1.0),
    "Conv2D C, 64 × 8×8, 1 → 8": ("Conv2D 64x8x8x1 8 valid", 0.3),
    "Conv2D D, 28×28, 16 → 32, same": ("Conv2D 32x28x28x16 32 same", 2.5),
    "Conv2D E, 14×14, 8 → 16, same": ("Conv2D 32x14x14x8 16 same", 1.3),
    **{f"{kind}, {steps} steps, {features} → {units}":
       (f"{kind} 32x{steps}x{features} {units} -", share)
       for kind, share in (("SimpleRNN", 0.5), ("GRU", 0.8), ("LSTM", 1.0))
       for steps, features, units in ((20, 16, 32), (50, 32, 64))},
}
GROWTH = {
    "batch": ("images in the batch", [8, 16, 32, 64, 128], "Conv2D {}x28x28x4 8 same"),
    "pixels": ("pixels", [14, 28, 56, 112, 224], "Conv2D 4x{0}x{0}x4 8 same"),
    "steps": ("time steps", [10, 20, 40, 80, 160], "LSTM 32x{}x16 32 -"),
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--repeat", default=7, show_default=True, help="Times that each is measured.")
@click.option("--without", multiple=True, type=click.Choice(list(NAMES)[1:]),
              help="Leave a library out.")
@click.option("--output", type=click.Path(path_type=Path), default=HERE / "results",
              help="Where to: .md, .json and .svg are added.  [default: results, beside the code]")
def main(repeat, without, output):
    """One layer forwards and back, with nnlib, Keras in a graph, and PyTorch.

    A process for each library, one thread, float32, the same weights and the same data, in turn.
    It takes about three minutes. PyTorch is installed on first use, into an environment of its
    own.

    \b
    Example: python -m benchmarks.layers --repeat 3 --without torch
    """
    names = [name for name in NAMES if name not in without]
    jobs = [(title, name, line) for title, (line, _) in LAYERS.items() for name in names]
    jobs += [((what, size), "nnlib", line.format(size)) for what, (_, sizes, line) in GROWTH.items()
             for size in sizes]
    found = interleaved(HERE / "worker.py", jobs, repeat)
    text = _text(found, names, repeat)
    click.echo(text)
    write(output, text, {"machine": machine(), "found": [
        {"what": key, "library": name, "runs": runs}
        for key, each in found.items() for name, runs in each.items()]})
    _picture(found).savefig(output.with_suffix(".svg"), metadata={"Date": None})


def _text(found, names, repeat):
    lines = ["# Layers", "", machine(), "",
             "One forward and one backward pass of a layer, with the gradients for the input and",
             f"all weights; batch 32, float32, one thread, medians of {repeat} interleaved runs. A",
             "ratio is the median of the ratios run by run. All libraries return the same",
             "gradients: the sum of their sizes is compared.", "",
             "| layer | " + " | ".join(f"{NAMES[name]}, ms" for name in names) + " | "
             + " | ".join(f"nnlib ÷ {NAMES[name]}" for name in names[1:]) + " | at most |",
             "|---" * (2 * len(names) + 1) + "|"]
    for title, (_, share) in LAYERS.items():
        runs, ours = found[title], seconds(found[title]["nnlib"])
        sums = [runs[name][0]["gradients"] for name in names]
        if not np.allclose(sums, sums[0], rtol=1e-4):
            raise click.ClickException(f"{title}: the gradients of {', '.join(names)} differ: "
                                       f"{sums}")
        times = [f"{median(seconds(runs[name])) * 1e3:.2f}" for name in names]
        ratios = [f"{median(a / b for a, b in zip(ours, seconds(runs[name]), strict=True)):.2f}"
                  for name in names[1:]]
        lines.append(f"| {title} | {' | '.join(times + ratios)} | {share} |")
    lines += ["", "| cost grows | log-log slope |", "|---|---|"]
    for what, (unit, _, _) in GROWTH.items():
        grows, times = _growth(found, what)
        slope = np.polyfit(np.log(grows), np.log(times), 1)[0]
        lines.append(f"| with {unit}, {grows[0]:,} to {grows[-1]:,} | {slope:.2f} |")
    lines += ["", "![Three lines, nearly straight on logarithmic axes](results.svg)"]
    return "\n".join(lines) + "\n"


def _growth(found, what):
    sizes = GROWTH[what][1]
    times = [median(seconds(found[what, size]["nnlib"])) for size in sizes]
    return [size * size for size in sizes] if what == "pixels" else sizes, times


def _picture(found):
    """Time against size on logarithmic axes, each beside a line of slope one."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, all_axes = plt.subplots(1, len(GROWTH), figsize=(9, 3), layout="constrained")
    for axes, (what, (unit, _, _)) in zip(all_axes, GROWTH.items(), strict=True):
        grows, times = _growth(found, what)
        axes.loglog(grows, np.multiply(times, 1e3), "o-", color="#0072B2", label="measured")
        line = np.divide(grows, grows[-1]) * times[-1] * 1e3
        axes.loglog(grows, line, "--", color="#7a7a7a", label="in proportion")
        axes.set_xlabel(unit)
    all_axes[0].set_ylabel("ms, forwards and back")
    all_axes[0].legend()
    return figure


if __name__ == "__main__":
    main()
