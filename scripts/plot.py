"""Draws ``pictures/benchmark.svg`` from ``pictures/benchmark.json``.

The figures are medians of one run beside the peers, with rate limits off except where the name says
otherwise, and an MD5 hash: the password hash, the same for all, does not hide the rest.
"""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from template import ROOT

DATA = ROOT / "pictures" / "benchmark.json"
PICTURE = DATA.with_suffix(".svg")
OURS, WITH_LIMITS = "Gatehouse", "Gatehouse, with limits"
WIDTH, LABELS, BAR, GAP, HEAD = 720, 170, 18, 6, 34
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1c1c1e }
  .title { font-weight: 600 }
  .bar { fill: #b9bfca }
  .ours { fill: #1d4ed8 }
  .also { opacity: 0.55 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f2f2f7 }
    .bar { fill: #565c68 }
    .ours { fill: #8fb0ff }
  }
"""

Figures = dict[str, dict[str, float]]
"""Milliseconds of CPU time by operation and project."""


def draw(figures: Figures) -> str:
    widest = max(value for each in figures.values() for value in each.values())
    scale = (WIDTH - LABELS - 70) / widest
    shapes, y = [], 0
    for operation, values in figures.items():
        shapes.append(f'<text class="title" x="0" y="{y + 20}">{escape(operation)}</text>')
        y += HEAD
        for name, value in sorted(values.items(), key=lambda item: item[1]):
            shapes += _bar(name, value, y, scale)
            y += BAR + GAP
        y += GAP * 2
    label = "CPU time of a request in milliseconds, less is better"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img"'
            f' aria-label="{label}">',
            f"<style>{STYLE}</style>",
            *shapes,
            "</svg>\n",
        ]
    )


def _bar(name: str, value: float, y: int, scale: float) -> Iterator[str]:
    kind = {OURS: "ours", WITH_LIMITS: "ours also"}.get(name, "bar")
    width = value * scale
    base = y + BAR - 4
    yield f'<text x="{LABELS - 10}" y="{base}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect class="{kind}" x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3"/>'
    yield f'<text x="{LABELS + width + 8:.1f}" y="{base}">{value:.1f} ms</text>'


def read(data: Path = DATA) -> Figures:
    figures: Figures = json.loads(data.read_text(encoding="utf-8"))["cpu_ms"]
    return figures


if __name__ == "__main__":
    PICTURE.write_text(draw(read()), encoding="utf-8")
