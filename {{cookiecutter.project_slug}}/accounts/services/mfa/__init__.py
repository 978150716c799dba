"""Multi-factor authentication: TOTP, recovery codes and login challenges."""
