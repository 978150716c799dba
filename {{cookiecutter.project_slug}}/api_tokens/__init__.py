"""Tokens for programs: a user's own, and those of service accounts."""
