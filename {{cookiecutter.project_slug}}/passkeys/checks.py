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
    name, rp_id = "PASSKEY_RP_ID", conf.rp_id()
    if _is_ip_address(rp_id):
        yield error(name, f"must be a domain: passkeys do not work at {rp_id}.")
    elif not settings.DEBUG and origins.is_below(rp_id, "localhost"):
        yield error(name, "must be the domain of your site: localhost is for development.")
    elif not verify_rp_id(rp_id, conf.front_end()):
        yield error(
            name, f"must be the domain of FRONTEND_URL (or PUBLIC_URL) or of its site, not {rp_id}."
        )
    elif not verify_rp_id(rp_id, settings.PUBLIC_URL):
        yield warning(
            name, f"is {rp_id}, so that passkeys do not work in Django admin at PUBLIC_URL."
        )
    yield from _origins()


def _origins() -> Iterator[CheckMessage]:
    for origin in settings.PASSKEY_ORIGINS:
        if not origin.startswith(("android:apk-key-hash:", "https://")):
            yield error(
                "PASSKEY_ORIGINS",
                f"has {origin}, which is not like android:apk-key-hash:... or https://example.com.",
            )


def _is_ip_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


check = as_check("passkeys", _problems)
