"""Passwords: verification, hashing, validators and recognised devices."""
