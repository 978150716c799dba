"""The relying party: the domain and the origins whose passkeys are accepted."""

from urllib.parse import urlsplit

from django.conf import settings

from core import origins


def rp_id() -> str:
    """The domain that passkeys belong to. Another one invalidates every registered passkey."""
    return settings.PASSKEY_RP_ID or urlsplit(front_end()).hostname or ""


def front_end() -> str:
    return settings.FRONTEND_URL or settings.PUBLIC_URL


def accepted_origins() -> set[str]:
    """The origins of the API, of its front ends and of native apps."""
    own = map(origins.origin_of, [settings.PUBLIC_URL, front_end()])
    return {*own, *settings.CORS_ALLOWED_ORIGINS, *settings.PASSKEY_ORIGINS}
