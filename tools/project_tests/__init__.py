"""Tests of a generated project that its owners need not carry; they run with its Python."""
