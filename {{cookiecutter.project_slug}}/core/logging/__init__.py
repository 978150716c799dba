"""The format of log lines, the security log, and Sentry."""
