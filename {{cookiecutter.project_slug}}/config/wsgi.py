"""The WSGI application: ``gunicorn config.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

from core.checks import refuse_bad_settings
from core.wsgi import Request

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
application.request_class = Request
refuse_bad_settings()
