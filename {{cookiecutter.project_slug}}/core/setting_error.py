"""A setting whose text cannot be used."""


class SettingError(ValueError):
    """Its text goes on after the variable's name, and holds no part of a secret."""
