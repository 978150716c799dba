"""Benchmarks of a generated project (``README.md``)."""
