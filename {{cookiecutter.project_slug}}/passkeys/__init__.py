"""Passkeys (WebAuthn): a way to sign in, and a second factor."""
