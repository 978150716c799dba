"""Middleware; ``core.health`` and ``core.cookies`` have more. ``MIDDLEWARE`` has the order."""
