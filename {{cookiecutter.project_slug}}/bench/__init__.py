"""Benchmarks, for owners: what a change of theirs costs (docs/performance.md)."""
