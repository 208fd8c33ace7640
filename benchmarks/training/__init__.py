"""The same network on the same data, trained by nnlib and by the libraries people use."""
