"""The system checks that a process must pass before it serves anything.

Each problem is a sentence that begins with the variable's name; ``docs/production.md`` lists them.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.management.base import SystemCheckError
from django.http.request import validate_host

from core import origins, redis_server
from core.static_files import not_collected

logger = logging.getLogger(__name__)

STARTUP = "startup"
"""The tag of those checks; every application registers its own under it."""

SECRET_KEY_MIN_LENGTH = 50
"""What Django's own check asks for (security.W009)."""

_EXAMPLE = re.compile(
    r"django-insecure-|change.?me|replace.?me|your.?secret|insecure|placeholder|example", re.I
)
_DISTINCT_MIN = 10
"""A random number of 50 digits has as many; one in letters has more."""

_GUARDS = ("login", "login_account", "password_check_account")
_PATH = re.compile(r"(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)+")
_ALLOWED_HOST = re.compile(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]", re.I)
_DOMAIN = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+", re.I)
_LOOPBACK = {"127.0.0.1", "::1"}


def refuse_bad_settings() -> None:
    """Stops a process that Django would start unchecked, such as gunicorn's or Celery's.

    Warnings are logged.

    Raises:
        SystemCheckError: a check tagged ``STARTUP`` found an error; it names the variable.
    """
    found = run_checks(tags=[STARTUP])
    errors = [message for message in found if message.is_serious()]
    if errors:
        raise SystemCheckError("\n".join(map(str, errors)))
    for message in found:
        logger.warning(message.msg)


def as_check(
    application: str, problems: Callable[[], Iterator[CheckMessage]]
) -> Callable[..., Any]:
    """The problems as a check to register; their ids begin with the application's name."""

    def check(app_configs: Any, **_: Any) -> list[CheckMessage]:
        found = list(problems())
        for message in found:
            message.id = f"{application}.{message.id}"
        return found

    return check


def error(name: str, sentence: str) -> Error:
    """
    Args:
        sentence: goes on after the variable's name.
    """
    return Error(f"{name} {sentence}", id=name)


def warning(name: str, sentence: str) -> CheckWarning:
    return CheckWarning(f"{name} {sentence}", id=name)


def weakness(secret: str) -> str | None:
    """What is wrong with a secret, to follow its name; None where it may be a random one."""
    if _EXAMPLE.search(secret):
        return "must be random, and this value looks like an example."
    if len(set(secret)) < _DISTINCT_MIN or secret in (secret + secret)[1:-1]:
        return "must be random, and this value is repetitive."
    return None


def _unreadable() -> Iterator[CheckMessage]:
    """Each environment variable that was missing or could not be read."""
    problems: dict[str, str] = settings.ENVIRONMENT_PROBLEMS
    for name, sentence in problems.items():
        yield Error(sentence, id=name)


def _secret_keys() -> Iterator[CheckMessage]:
    names = {
        "SECRET_KEY": [settings.SECRET_KEY],
        "SECRET_KEY_FALLBACKS": settings.SECRET_KEY_FALLBACKS,
    }
    for name, keys in names.items():
        for key in keys:
            if len(key) < SECRET_KEY_MIN_LENGTH:
                yield error(name, f"must have at least {SECRET_KEY_MIN_LENGTH} random characters.")
            elif flaw := weakness(key):
                yield error(name, flaw)
    if settings.SECRET_KEY in settings.SECRET_KEY_FALLBACKS:
        yield error("SECRET_KEY_FALLBACKS", "must not contain SECRET_KEY: list earlier keys only.")


def _hosts() -> Iterator[CheckMessage]:
    hosts: list[str] = settings.ALLOWED_HOSTS
    if any(not _ALLOWED_HOST.fullmatch(host) for host in hosts):
        yield error(
            "ALLOWED_HOSTS",
            "must be host names without a scheme, a port or a path: api.example.com, or "
            ".example.com for all its subdomains.",
        )
    if settings.DEBUG:
        public = [host for host in hosts if host == "*" or not origins.is_local(host)]
        if public:
            yield error(
                "DEBUG", f"must be False when ALLOWED_HOSTS has a public name ({public[0]})."
            )
    elif not hosts:
        yield error("ALLOWED_HOSTS", "must name this server, for example api.example.com.")
    elif "*" in hosts:
        yield warning("ALLOWED_HOSTS", "should name this server: * accepts any host name.")


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
        elif not settings.DEBUG and _is_plain(origin):
            yield warning(name, f"should begin with https://, and {origin} does not.")


def _is_plain(origin: str) -> bool:
    """Whether a network sees what is sent; apps name themselves ``http://tauri.localhost``."""
    is_here = origins.is_below(origins.host_of(origin), "localhost")
    return origin.startswith("http:") and not is_here


def _csrf_cookie() -> Iterator[CheckMessage]:
    domain, host = settings.CSRF_COOKIE_DOMAIN, origins.host_of(settings.PUBLIC_URL)
    if domain and not _DOMAIN.fullmatch(domain):
        yield error("CSRF_COOKIE_DOMAIN", "must be a domain with at least two labels: .example.com")
    elif domain and not settings.DEBUG and not origins.is_below(host, domain):
        yield error(
            "CSRF_COOKIE_DOMAIN", f"must be a domain that contains the host of PUBLIC_URL ({host})."
        )


def _proxies() -> Iterator[CheckMessage]:
    announced = set(settings.FORWARDED_ALLOW_IPS) - _LOOPBACK
    if not all(address == "*" or _is_network(address) for address in announced):
        yield error(
            "FORWARDED_ALLOW_IPS",
            "must be IP addresses or networks of proxies, separated by commas, or *.",
        )
    if announced and not settings.TRUSTED_PROXY_COUNT:
        yield error(
            "TRUSTED_PROXY_COUNT",
            "must be the number of proxies when FORWARDED_ALLOW_IPS is set: without it, every "
            "client appears with the IP address of the last proxy.",
        )


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _admin() -> Iterator[CheckMessage]:
    """A path that another one hides, or that hides others."""
    first, api = (url.split("/")[0] for url in (settings.ADMIN_URL, settings.API_URL))
    if first in {"", api, "health", "mailbox", "static"}:
        yield error("ADMIN_URL", "must be a path that nothing else uses, for example admin/.")


def _redis() -> Iterator[CheckMessage]:
    if not settings.DEBUG and not redis_server.server_at(settings.REDIS_URL).is_verified:
        yield warning(
            "REDIS_URL",
            "should not have ssl_cert_reqs=none: it allows man-in-the-middle attacks.",
        )


def _api() -> Iterator[CheckMessage]:
    first = settings.API_URL.split("/")[0]
    if not _PATH.fullmatch(settings.API_URL) or first in {"health", "mailbox", "static"}:
        yield error("API_URL", "must be a path in ASCII that nothing else uses, for example api/.")


def _database() -> Iterator[CheckMessage]:
    """What belongs to a session of PostgreSQL's is gone with the transaction behind a pooler."""
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    if settings.DATABASE_POOLER != "transaction":
        return
    if options.get("prepare_threshold") is not None or "assume_role" in options:
        yield error(
            "DATABASE_POOLER",
            "is transaction: DATABASE_URL must not have prepare_threshold or assume_role.",
        )
    if not database.get("DISABLE_SERVER_SIDE_CURSORS"):
        yield error(
            "DATABASE_POOLER",
            "is transaction: DATABASE_URL must not have disable_server_side_cursors=False.",
        )


def _alive_file() -> Iterator[CheckMessage]:
    file: str = settings.WORKER_ALIVE_FILE
    if file and (Path(file).is_dir() or not os.access(Path(file).parent, os.W_OK | os.X_OK)):
        yield error(
            "WORKER_ALIVE_FILE", "must be a file in a folder that this process can write to."
        )


def _static_files() -> Iterator[CheckMessage]:
    """A warning: the API and a worker do without them, and error pages too."""
    if missing := not_collected():
        yield warning(
            "STATIC_ROOT",
            f"lacks static files ({missing[0]}): pages fail without them. Run "
            "`python manage.py collectstatic` when you build the project.",
        )


def _for_tests_only() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        return
    lifted = [scope for scope in _GUARDS if settings.THROTTLE_RATES.get(scope) is None]
    if lifted:
        yield warning(
            "THROTTLE_RATES",
            f"lifts {', '.join(lifted)}: nothing limits brute force of passwords.",
        )
    if settings.CELERY_TASK_ALWAYS_EAGER:
        yield warning(
            "CELERY_TASK_ALWAYS_EAGER",
            "sends e-mails within the request: its duration reveals who has an account.",
        )


CHECKS = [
    as_check("core", problems)
    for problems in (
        _unreadable,
        _secret_keys,
        _hosts,
        _public_url,
        _origins,
        _csrf_cookie,
        _proxies,
        _admin,
        _redis,
        _api,
        _database,
        _alive_file,
        _static_files,
        _for_tests_only,
    )
]
