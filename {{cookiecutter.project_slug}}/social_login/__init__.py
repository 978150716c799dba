"""Signing in with the account of another provider: OpenID Connect and OAuth 2.0."""
