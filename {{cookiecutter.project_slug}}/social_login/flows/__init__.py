"""One module per user journey; see ``accounts.flows``."""
