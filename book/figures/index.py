"""The picture on the front page: the course as steps, drawn from what is in the repository."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

# Chapter, the modules of nnlib it builds, what they can do together.
STEPS = [
    ("tensors", "tensors", "a perceptron that learns"),
    ("activations", "activations", "scores become probabilities"),
    ("losses", "losses", "one number says how wrong"),
    ("backprop", "autodiff, layers", "every gradient of a deep net"),
    ("optimizers", "optimizers", "networks that train"),
    ("overfitting", "regularization", "networks that generalise"),
    ("convolution", "convolution", "your CNN reads digits"),
    ("recurrence", "recurrence", "your LSTM reads text"),
    ("ethics", "metrics, fairness", "what a good score can hide"),
    ("project", "all of it", "a question of your own"),
]


def course_map():
    """Ten steps upwards, one a chapter, each with the part of nnlib it builds."""
    figure, axes = plt.subplots(figsize=(3.75, 6.2))
    width, rise = 3.3, 0.56
    for i, (chapter, modules, gain) in enumerate(STEPS):
        x, y = 0.05 * i, rise * i
        axes.add_patch(FancyBboxPatch((x, y), width, 0.84 * rise, color="#0072B2",
                                      boxstyle="round,pad=0,rounding_size=0.06"))
        axes.text(x + 0.1, y + 0.59 * rise, f"{i + 1}  {chapter}", color="white", weight="bold",
                  va="center", fontsize=10.5)
        axes.text(x + width - 0.1, y + 0.59 * rise, modules, color="white", ha="right",
                  va="center", fontsize=9.5, family="monospace")
        axes.text(x + 0.1, y + 0.23 * rise, gain, color="white", va="center", fontsize=9.5)
    axes.set_xlim(-0.03, width + 0.05 * (len(STEPS) - 1) + 0.03)
    axes.set_ylim(-0.03, rise * len(STEPS))
    axes.set_axis_off()
    return figure
