"""Passwords: verification, hashing, rules, and the devices that an account has signed in on."""
