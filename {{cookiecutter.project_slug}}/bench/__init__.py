"""Benchmarks, for owners: what a change of theirs costs."""
