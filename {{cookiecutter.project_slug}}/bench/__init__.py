"""Benchmarks: what a change of the project costs (``README.md``)."""
