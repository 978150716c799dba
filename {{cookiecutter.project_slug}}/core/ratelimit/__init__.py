"""Rate limits: exact sliding windows, in Redis (``limiter``) or in one process (``local``).

Views and flows use ``core.ratelimit.throttling``.
"""
