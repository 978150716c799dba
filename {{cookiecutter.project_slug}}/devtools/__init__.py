"""What development needs and production never imports: servers, demo accounts, ``make run``."""
