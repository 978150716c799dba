"""Gives the fixtures of ``tests`` to the tests of every app."""

pytest_plugins = ["tests.fixtures", "tests.chromium"]
