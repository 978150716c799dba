"""The fixtures of the project's own tests hold here, too."""

pytest_plugins = ["tests.fixtures", "tests.chromium", "tests.mail.conftest"]
