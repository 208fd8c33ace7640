"""Convolution and recurrence, forwards and back, by nnlib and by the libraries people use."""
