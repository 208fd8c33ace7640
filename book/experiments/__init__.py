"""Experiments behind the pages: each writes a small file of results that a page reads."""
