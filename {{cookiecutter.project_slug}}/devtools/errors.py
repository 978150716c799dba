"""The exception of the development tools."""


class DevtoolsError(Exception):
    """Each function here may raise it. Its text says what happened and what to do."""
