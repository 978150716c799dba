"""The fixtures of the project's own tests hold here, too."""

pytest_plugins = [
    "tests.fixtures",
    *(f"tests.{folder}.conftest" for folder in ("mail", "core", "served")),
]
