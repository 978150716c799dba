"""The fixtures of the project's own tests hold here, too."""

pytest_plugins = ["tests.conftest", "tests.parts.conftest", "tests.served.conftest"]
