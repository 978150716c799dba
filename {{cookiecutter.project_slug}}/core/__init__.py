"""Shared by all apps and independent of them: errors, rate limits, logs, health, checks."""
