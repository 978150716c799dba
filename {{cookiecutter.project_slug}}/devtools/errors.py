"""The one exception of these tools."""


class DevtoolsError(Exception):
    """Something that the developer has to know; its text says what happened and what to do."""
