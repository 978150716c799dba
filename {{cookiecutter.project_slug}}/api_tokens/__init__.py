"""API tokens: a user's own, and those of service accounts."""
