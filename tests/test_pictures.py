"""The pictures of the README are what their sources say."""

import plot


def test_plot_is_drawn_from_its_figures() -> None:
    assert plot.PICTURE.read_text(encoding="utf-8") == plot.draw(plot.read())
