"""The project's middleware; ``config.settings.base`` has their order."""
