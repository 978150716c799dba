"""The fixtures of the project's own tests hold here, too."""

pytest_plugins = ["tests.fixtures"]


def pytest_configure() -> None:
    from tests import fixtures

    fixtures.FOLDERS_WITH_SERVERS.add("mail")
