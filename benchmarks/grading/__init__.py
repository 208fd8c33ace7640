"""The same submissions through nbgrader, Otter-Grader and this course: what each costs.

``python -m benchmarks.grading`` compares, ``python -m benchmarks.grading.scaling`` looks at size.
"""
