"""Finds what breaks: the running project against its own OpenAPI description (``make fuzz``)."""
