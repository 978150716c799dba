"""Signing in with another provider: one is on as soon as its client id is set."""

import re
from typing import Any

from config.env import env
from config.settings.base import FRONTEND_URL, INSTALLED_APPS
from config.settings.celery import CELERY_BEAT_SCHEDULE

# Browsers run or show what these schemes contain, or open a file: no app gets the code.
_NO_APP = r"about|blob|data|file|javascript|vbscript"
_ADDRESS = re.compile(rf"(?!(?:{_NO_APP}):)[a-z][a-z0-9+.-]*:[!-~]+", re.ASCII)
_SHOWN = (r"[!-~]{1,500}", "as the provider shows it, without spaces")


def _addresses(raw: str) -> list[str]:
    found = [part.strip() for part in raw.split(",")]
    if not all(map(_ADDRESS.fullmatch, found)):
        raise ValueError(raw)
    return found


def _key(raw: str) -> str:
    text = raw.replace("\\n", "\n")
    if not text.startswith("-----BEGIN"):
        raise ValueError
    return text


def _names_of_providers(raw: str) -> list[str]:
    found = [part.strip() for part in raw.split(",")]
    if not SOCIAL_PROVIDERS.keys() >= set(found):
        raise ValueError(raw)
    return found


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
SOCIAL_LOGIN_ALLOWED_REDIRECTS: list[str] = env.read(
    "SOCIAL_LOGIN_ALLOWED_REDIRECTS",
    _addresses,
    [],
    "origins or addresses of apps, separated by commas",
)

_MICROSOFT_TENANT = env.pattern(
    "SOCIAL_MICROSOFT_TENANT", "common", r"[\w.-]{1,100}", "the id or the domain of a tenant"
)

# ``verifies_email``: whether the provider's word that an address is verified counts.
SOCIAL_PROVIDERS: dict[str, dict[str, Any]] = {
    "google": {
        "name": "Google",
        "issuer": "https://accounts.google.com",
        "client_id": env.pattern("SOCIAL_GOOGLE_CLIENT_ID", "", *_SHOWN),
        "client_secret": env.pattern("SOCIAL_GOOGLE_CLIENT_SECRET", "", *_SHOWN),
        "verifies_email": True,
    },
    "microsoft": {
        "name": "Microsoft",
        "issuer": f"https://login.microsoftonline.com/{_MICROSOFT_TENANT}/v2.0",
        "client_id": env.pattern("SOCIAL_MICROSOFT_CLIENT_ID", "", *_SHOWN),
        "client_secret": env.pattern("SOCIAL_MICROSOFT_CLIENT_SECRET", "", *_SHOWN),
        "verifies_email": True,
    },
    "apple": {
        "name": "Apple",
        "issuer": "https://appleid.apple.com",
        "client_id": env.pattern("SOCIAL_APPLE_CLIENT_ID", "", *_SHOWN),
        "team_id": env.pattern("SOCIAL_APPLE_TEAM_ID", "", *_SHOWN),
        "key_id": env.pattern("SOCIAL_APPLE_KEY_ID", "", *_SHOWN),
        "private_key": env.read("SOCIAL_APPLE_PRIVATE_KEY", _key, "", "the text of the .p8 file"),
        "verifies_email": True,
    },
    "github": {
        "name": "GitHub",
        "url": env.web_address("SOCIAL_GITHUB_URL", "https://github.com").rstrip("/"),
        "client_id": env.pattern("SOCIAL_GITHUB_CLIENT_ID", "", *_SHOWN),
        "client_secret": env.pattern("SOCIAL_GITHUB_CLIENT_SECRET", "", *_SHOWN),
        "verifies_email": True,
    },
    "gitlab": {
        "name": "GitLab",
        "issuer": env.web_address("SOCIAL_GITLAB_URL", "https://gitlab.com").rstrip("/"),
        "client_id": env.pattern("SOCIAL_GITLAB_CLIENT_ID", "", *_SHOWN),
        "client_secret": env.pattern("SOCIAL_GITLAB_CLIENT_SECRET", "", *_SHOWN),
        "verifies_email": True,
    },
    # Any other issuer of OpenID Connect.
    "oidc": {
        "name": env.line("SOCIAL_OIDC_NAME", "OpenID"),
        "issuer": env.web_address("SOCIAL_OIDC_ISSUER"),
        "client_id": env.pattern("SOCIAL_OIDC_CLIENT_ID", "", *_SHOWN),
        "client_secret": env.pattern("SOCIAL_OIDC_CLIENT_SECRET", "", *_SHOWN),
        "verifies_email": env.boolean("SOCIAL_OIDC_VERIFIES_EMAIL", False),
    },
}

# Providers whose second factor makes ours unnecessary.
SOCIAL_LOGIN_TRUSTED_MFA: list[str] = env.read(
    "SOCIAL_LOGIN_TRUSTED_MFA",
    _names_of_providers,
    [],
    f"some of {', '.join(SOCIAL_PROVIDERS)}, separated by commas",
)
