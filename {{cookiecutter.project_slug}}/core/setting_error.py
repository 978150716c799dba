"""The error for a setting that cannot be used."""


class SettingError(ValueError):
    """Its text continues a sentence that begins with the variable's name. It holds no secret."""
