"""The URLs of the project. ``accounts.urls`` lists those of authentication."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from core.pages import accent_css

# The default template of drf-spectacular has inline styles.
docs = SpectacularSwaggerSplitView.as_view(template_name="pages/docs.html")

# The documentation sends requests to the server that it was read from.
schema = SpectacularAPIView.as_view(custom_settings={"SERVERS": [{"url": "/"}]})

urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{settings.API_URL}auth/", include("accounts.urls")),
    # feature: passkeys
    path(f"{settings.API_URL}auth/", include("passkeys.urls")),
    # end feature
    # feature: api_tokens
    path(f"{settings.API_URL}auth/tokens/", include("api_tokens.urls")),
    # end feature
    # feature: social_login
    path(f"{settings.API_URL}auth/social/", include("social_login.urls")),
    # end feature
    # feature: account_pages
    path("", include("account_pages.urls")),
    # end feature
    # make new-app adds apps here
    path("accent.css", accent_css, name="accent_css"),
    # feature: passkeys
    path(settings.ADMIN_URL, include("passkeys.admin_urls")),
    # end feature
    path(settings.ADMIN_URL, admin.site.urls),
]

if settings.API_DOCS:
    urlpatterns += [
        path(f"{settings.API_URL}schema/", schema, name="schema"),
        path(f"{settings.API_URL}docs/", docs, name="docs"),
    ]

if settings.MAILBOX:
    urlpatterns += [path("mailbox/", include("django_mail_preview.urls"))]

handler400 = "core.error_responses.bad_request"
handler403 = "core.error_responses.permission_denied"
handler404 = "core.error_responses.not_found"
handler500 = "core.error_responses.server_error"
