"""System checks of passkeys. Errors stop the start, warnings are logged."""

from collections.abc import Iterator
from ipaddress import ip_address

from django.conf import settings
from django.core.checks import CheckMessage
from fido2.rpid import verify_rp_id

from core import origins
from core.checks import as_check, error, warning
from passkeys import conf


def _problems() -> Iterator[CheckMessage]:
    if settings.PASSKEY_RP_ID:
        yield from _own_domain()
    elif _is_ip_address(conf.rp_id()):
        # The rest of the project works there.
        yield warning("PASSKEY_RP_ID", "must be set: passkeys do not work at an IP address.")
    yield from _origins()


def _own_domain() -> Iterator[CheckMessage]:
    name, domain = "PASSKEY_RP_ID", settings.PASSKEY_RP_ID
    if _is_ip_address(domain):
        yield error(name, "must be a domain: passkeys do not work at an IP address.")
    elif not settings.DEBUG and origins.is_below(domain, "localhost"):
        yield error(name, "must be the domain of your site: localhost is for development.")
    elif not verify_rp_id(domain, conf.front_end()):
        yield error(name, "must be the domain of FRONTEND_URL (or PUBLIC_URL), or of its site.")


def _origins() -> Iterator[CheckMessage]:
    for origin in settings.PASSKEY_ORIGINS:
        if not origin.startswith("android:apk-key-hash:") and not _is_secure(origin):
            yield error(
                "PASSKEY_ORIGINS",
                f"has {origin}, which is not like android:apk-key-hash:... or https://example.com.",
            )


def _is_secure(origin: str) -> bool:
    """Whether browsers offer passkeys on its pages."""
    is_local = origins.is_below(origins.host_of(origin), "localhost")
    return origins.is_web_origin(origin) and (is_local or origin.startswith("https:"))


def _is_ip_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


check = as_check("passkeys", _problems)
