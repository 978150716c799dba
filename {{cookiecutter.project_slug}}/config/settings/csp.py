"""The Content-Security-Policy of every page: files of this site only, nothing inline.

Django 6.0 and later sends it, ``core.middleware.headers`` on Django 5.2.
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
    # The mailbox shows e-mails in a frame with a stricter policy.
    CONTENT_POLICY["frame-src"] = ["'self'"]

if django.VERSION >= (6, 0):
    SECURE_CSP = CONTENT_POLICY
