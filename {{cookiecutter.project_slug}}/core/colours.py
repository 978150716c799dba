"""Colours, as WCAG 2.2 measures them."""


def contrast_with_white(colour: str) -> float:
    """From 1 to 21; ``colour`` is like ``#1d4ed8``."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    weighted = zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    return 1.05 / (sum(weight * part for weight, part in weighted) + 0.05)
