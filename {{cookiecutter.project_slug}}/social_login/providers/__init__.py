"""The providers: each returns the identity of a user. No request, no response."""
