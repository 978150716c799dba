"""The system checks that must pass before a process serves requests (``docs/production.md``)."""

import logging
import os
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.checks import CheckMessage, Error, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.management.base import SystemCheckError
from django.http.request import validate_host

from core import origins, redis_server
from core.static_files import not_collected

logger = logging.getLogger(__name__)

# The tag of these checks, also of those of other apps.
STARTUP = "startup"
# As in Django's own check (security.W009).
SECRET_KEY_MIN_LENGTH = 50
_EXAMPLE = re.compile(
    r"django-insecure-|change.?me|replace.?me|your.?secret|insecure|placeholder|example", re.I
)
# A random number of 50 digits has more different characters, but for one in a million.
_DISTINCT_MIN = 8
_PASSWORD_SCOPES = ("login", "login_account", "password_check_account")
_PATH = re.compile(r"(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)+")
_TAKEN_PATHS = {"health", "mailbox", "static"}
_ALLOWED_HOST = re.compile(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]", re.I)
_DOMAIN = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+", re.I)


def refuse_bad_settings() -> None:
    """Raises ``SystemCheckError`` for errors of the checks tagged ``STARTUP``, and logs warnings.

    For gunicorn and Celery, which run no system checks.
    """
    found = run_checks(tags=[STARTUP])
    errors = [message for message in found if message.is_serious() and not message.is_silenced()]
    if errors:
        raise SystemCheckError("\n".join(map(str, errors)))
    for message in found:
        logger.warning(message.msg)


def as_check(app: str, problems: Callable[[], Iterator[CheckMessage]]) -> Callable[..., Any]:
    """Makes a system check. The ids of its messages begin with the name of the app."""

    def check(app_configs: Any, **_: Any) -> list[CheckMessage]:
        found = list(problems())
        for message in found:
            message.id = f"{app}.{message.id}"
        return found

    return check


def error(name: str, sentence: str) -> Error:
    return Error(f"{name} {sentence}", id=name)


def warning(name: str, sentence: str) -> CheckWarning:
    return CheckWarning(f"{name} {sentence}", id=name)


def weakness(secret: str) -> str | None:
    """Why a secret is not random, as the rest of a sentence; None if it may be random."""
    if _EXAMPLE.search(secret):
        return "must be random, and this value looks like an example."
    if len(set(secret)) < _DISTINCT_MIN or secret in (secret + secret)[1:-1]:
        return "must be random, and this value is repetitive."
    return None


def _environment() -> Iterator[CheckMessage]:
    return (Error(text, id=name) for name, text in settings.ENVIRONMENT_PROBLEMS.items())


def _secret_keys() -> Iterator[CheckMessage]:
    key, fallbacks = settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS
    names = [("SECRET_KEY", key), *(("SECRET_KEY_FALLBACKS", each) for each in fallbacks)]
    for name, secret in names:
        if len(secret) < SECRET_KEY_MIN_LENGTH:
            yield error(name, f"must have at least {SECRET_KEY_MIN_LENGTH} random characters.")
        elif flaw := weakness(secret):
            yield error(name, flaw)
    if key in fallbacks:
        yield error("SECRET_KEY_FALLBACKS", "must not contain SECRET_KEY: list earlier keys only.")


def _hosts() -> Iterator[CheckMessage]:
    name, hosts = "ALLOWED_HOSTS", settings.ALLOWED_HOSTS
    if not all(map(_ALLOWED_HOST.fullmatch, hosts)):
        yield error(
            name,
            "must be host names without a scheme, a port or a path: api.example.com, or "
            ".example.com for all its subdomains.",
        )
    if settings.DEBUG:
        if public := [host for host in hosts if host == "*" or not origins.is_local(host)]:
            yield error("DEBUG", f"must be False when {name} has a public name ({public[0]}).")
    elif not hosts:
        yield error(name, "must name this server, for example api.example.com.")
    elif "*" in hosts:
        yield warning(name, "should name this server: * accepts any host name.")


def _public_url() -> Iterator[CheckMessage]:
    name, url = "PUBLIC_URL", settings.PUBLIC_URL
    if not origins.is_web_origin(url):
        yield error(name, "must be an origin: https://, a host in lower case, and no path.")
    if settings.DEBUG or not origins.is_web_origin(url):
        return
    host = origins.host_of(url)
    if origins.is_example(host):
        yield error(name, f"must be this server's own address, and {host} is an example.")
    elif not validate_host(host, settings.ALLOWED_HOSTS or [host]):
        yield error(
            name, f"must have a host of ALLOWED_HOSTS: requests to {host} would be refused."
        )
    if url.startswith("http:") and not origins.is_local(host):
        yield error(name, "must begin with https://: browsers send the cookies over HTTPS only.")


def _origins() -> Iterator[CheckMessage]:
    name, of_front_end = "CORS_ALLOWED_ORIGINS", origins.origin_of(settings.FRONTEND_URL)
    for origin in settings.CORS_ALLOWED_ORIGINS:
        if not origins.is_origin(origin) and origin != of_front_end:
            yield error(
                name,
                f"must be origins as browsers send them, and {origin!r} is not one. An origin is "
                "https:// or the scheme of an app, a host in lower case, the port unless it is the "
                "default, and no slash at the end.",
            )
        elif not settings.DEBUG and _is_unencrypted(origin):
            yield warning(name, f"should begin with https://, and {origin} does not.")


def _is_unencrypted(origin: str) -> bool:
    # Apps have origins such as http://tauri.localhost.
    return origin.startswith("http:") and not origins.is_below(origins.host_of(origin), "localhost")


def _csrf_cookie() -> Iterator[CheckMessage]:
    name, domain = "CSRF_COOKIE_DOMAIN", settings.CSRF_COOKIE_DOMAIN
    host = origins.host_of(settings.PUBLIC_URL)
    if domain and not _DOMAIN.fullmatch(domain):
        yield error(name, "must be a domain with at least two labels: .example.com")
    elif domain and not settings.DEBUG and not origins.is_below(host, domain):
        yield error(name, f"must be a domain that contains the host of PUBLIC_URL ({host}).")


def _proxies() -> Iterator[CheckMessage]:
    proxies = set(settings.FORWARDED_ALLOW_IPS) - {"127.0.0.1", "::1"}
    try:
        for address in proxies - {"*"}:
            ip_network(address)
    except ValueError:
        yield error(
            "FORWARDED_ALLOW_IPS",
            "must be IP addresses or networks of proxies, separated by commas, or *.",
        )
    if proxies and not settings.TRUSTED_PROXY_COUNT:
        yield error(
            "TRUSTED_PROXY_COUNT",
            "must be the number of proxies when FORWARDED_ALLOW_IPS is set: without it, every "
            "client appears with the IP address of the last proxy.",
        )


def _paths() -> Iterator[CheckMessage]:
    api, admin = (url.split("/")[0] for url in (settings.API_URL, settings.ADMIN_URL))
    if not _PATH.fullmatch(settings.API_URL) or api in _TAKEN_PATHS:
        yield error("API_URL", "must be a path in ASCII that nothing else uses, for example api/.")
    if admin in {"", api, *_TAKEN_PATHS}:
        yield error("ADMIN_URL", "must be a path that nothing else uses, for example admin/.")


def _database() -> Iterator[CheckMessage]:
    """A transaction pooler gives the next transaction another session of PostgreSQL."""
    if settings.DATABASE_POOLER != "transaction":
        return
    name, database = "DATABASE_POOLER", settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    refused = "is transaction: DATABASE_URL must not have"
    if options.get("prepare_threshold") is not None or "assume_role" in options:
        yield error(name, f"{refused} prepare_threshold or assume_role.")
    if not database.get("DISABLE_SERVER_SIDE_CURSORS"):
        yield error(name, f"{refused} disable_server_side_cursors=False.")


def _files() -> Iterator[CheckMessage]:
    alive: str = settings.WORKER_ALIVE_FILE
    if alive and (Path(alive).is_dir() or not os.access(Path(alive).parent, os.W_OK | os.X_OK)):
        yield error(
            "WORKER_ALIVE_FILE", "must be a file in a folder that this process can write to."
        )
    if finders.find(settings.PAGES_LOGO) is None:
        yield error("PAGES_LOGO", "must be a file below static/.")
    # A warning: the API, a worker and error pages need no static files.
    if missing := not_collected():
        yield warning(
            "STATIC_ROOT",
            f"lacks static files ({missing[0]}): pages fail without them. Run "
            "`python manage.py collectstatic` when you build the project.",
        )


def _unsafe_in_production() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        return
    if not redis_server.server_at(settings.REDIS_URL).is_verified:
        yield warning(
            "REDIS_URL", "should not have ssl_cert_reqs=none: it allows man-in-the-middle attacks."
        )
    unlimited = [scope for scope in _PASSWORD_SCOPES if settings.THROTTLE_RATES.get(scope) is None]
    if unlimited:
        yield warning(
            "THROTTLE_RATES",
            f"lifts {', '.join(unlimited)}: nothing limits brute force of passwords.",
        )
    if settings.CELERY_TASK_ALWAYS_EAGER:
        yield warning(
            "CELERY_TASK_ALWAYS_EAGER",
            "sends e-mails within the request: its duration reveals who has an account.",
        )


CHECKS = [
    as_check("core", problems)
    for problems in (
        _environment,
        _secret_keys,
        _hosts,
        _public_url,
        _origins,
        _csrf_cookie,
        _proxies,
        _paths,
        _database,
        _files,
        _unsafe_in_production,
    )
]
