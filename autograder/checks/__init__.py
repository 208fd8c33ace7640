"""What is asked of each piece of `nnlib`: one module a chapter."""
