"""Rate limits: sliding windows, exact, in Redis (``limiter``) or in one process (``local``).

``core.ratelimit.throttling`` is what views and flows use.
"""
