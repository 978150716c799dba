"""Servers, demo accounts and ``make run`` for development. Production never imports this."""
