"""The Content-Security-Policy of each page: only files of this server, no inline code.

Django 6.0 sends it, and ``core.middleware.headers`` on Django 5.2.
"""

import django

from config.settings.mail import MAILBOX

CONTENT_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
if MAILBOX:
    # It shows e-mails in a frame, which has a policy of its own.
    CONTENT_POLICY["frame-src"] = ["'self'"]

if django.VERSION >= (6, 0):
    SECURE_CSP = CONTENT_POLICY
