"""A neural network library in NumPy: one module a chapter, every function an exercise."""
