"""Signing in with another provider: one is on as soon as its client id is set."""

from config.env import env
from config.settings.base import FRONTEND_URL, INSTALLED_APPS
from config.settings.celery import CELERY_BEAT_SCHEDULE

INSTALLED_APPS += ["social_login"]
CELERY_BEAT_SCHEDULE["purge-social-login"] = {
    "task": "social_login.tasks.purge_social_login",
    "schedule": 3600.0,
}

# The page of the front end that completes a sign-in, where a request names no other.
SOCIAL_LOGIN_REDIRECT = env.web_address(
    "SOCIAL_LOGIN_REDIRECT", FRONTEND_URL and f"{FRONTEND_URL}/social"
)
# Further origins of front ends, and complete addresses of apps (com.example.app:/signed-in).
SOCIAL_LOGIN_ALLOWED_REDIRECTS = env.names("SOCIAL_LOGIN_ALLOWED_REDIRECTS")
# Providers whose second factor makes ours unnecessary.
SOCIAL_LOGIN_TRUSTED_MFA = env.names("SOCIAL_LOGIN_TRUSTED_MFA")

_MICROSOFT_TENANT = env.pattern(
    "SOCIAL_MICROSOFT_TENANT", "common", r"[\w.-]{1,100}", "the id or the domain of a tenant"
)

# ``verifies_email``: whether the provider's word that an address is verified counts.
SOCIAL_PROVIDERS = {
    "google": {
        "name": "Google",
        "issuer": "https://accounts.google.com",
        "client_id": env.text("SOCIAL_GOOGLE_CLIENT_ID"),
        "client_secret": env.text("SOCIAL_GOOGLE_CLIENT_SECRET"),
        "verifies_email": True,
    },
    "microsoft": {
        "name": "Microsoft",
        "issuer": f"https://login.microsoftonline.com/{_MICROSOFT_TENANT}/v2.0",
        "client_id": env.text("SOCIAL_MICROSOFT_CLIENT_ID"),
        "client_secret": env.text("SOCIAL_MICROSOFT_CLIENT_SECRET"),
        "verifies_email": True,
    },
    "apple": {
        "name": "Apple",
        "issuer": "https://appleid.apple.com",
        "client_id": env.text("SOCIAL_APPLE_CLIENT_ID"),
        "team_id": env.text("SOCIAL_APPLE_TEAM_ID"),
        "key_id": env.text("SOCIAL_APPLE_KEY_ID"),
        "private_key": env.text("SOCIAL_APPLE_PRIVATE_KEY").replace("\\n", "\n"),
        "verifies_email": True,
    },
    "github": {
        "name": "GitHub",
        "url": env.web_address("SOCIAL_GITHUB_URL", "https://github.com").rstrip("/"),
        "client_id": env.text("SOCIAL_GITHUB_CLIENT_ID"),
        "client_secret": env.text("SOCIAL_GITHUB_CLIENT_SECRET"),
        "verifies_email": True,
    },
    "gitlab": {
        "name": "GitLab",
        "issuer": env.web_address("SOCIAL_GITLAB_URL", "https://gitlab.com").rstrip("/"),
        "client_id": env.text("SOCIAL_GITLAB_CLIENT_ID"),
        "client_secret": env.text("SOCIAL_GITLAB_CLIENT_SECRET"),
        "verifies_email": True,
    },
    # Any other issuer of OpenID Connect.
    "oidc": {
        "name": env.line("SOCIAL_OIDC_NAME", "OpenID"),
        "issuer": env.web_address("SOCIAL_OIDC_ISSUER"),
        "client_id": env.text("SOCIAL_OIDC_CLIENT_ID"),
        "client_secret": env.text("SOCIAL_OIDC_CLIENT_SECRET"),
        "verifies_email": env.boolean("SOCIAL_OIDC_VERIFIES_EMAIL", False),
    },
}
