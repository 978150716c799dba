"""Measures how long it takes to generate a project, with all features and with none."""

import statistics
import tempfile
import time
from pathlib import Path

from template import bake, every_feature, export, no_feature

ROUNDS = 10


def seconds(template: Path, answers: dict[str, object]) -> float:
    """Generates one project."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        bake(template, Path(folder), answers)
        return time.perf_counter() - begun


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        template = export(Path(folder))
        for name, answers in (("every", every_feature()), ("no", no_feature())):
            times = [seconds(template, answers) for _ in range(ROUNDS)]
            print(f"{name} feature: median {statistics.median(times):.2f} s, max {max(times):.2f}")


if __name__ == "__main__":
    main()
