"""System checks of accounts. Errors stop the start, warnings are logged."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error

from accounts.conf import switches
from accounts.models import User
from accounts.services.passwords import bloom_filter
from accounts.services.sessions import signing_keys
from core import origins
from core.checks import as_check, error, warning, weakness

MFA_KEY_MIN_LENGTH = 43
"""Of 32 random bytes in Base64, the length of a Fernet key."""


def _signing_keys() -> Iterator[CheckMessage]:
    name, key = "JWT_SIGNING_KEY", settings.JWT_SIGNING_KEY
    if key in {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS}:
        yield error(name, "must not be SECRET_KEY: a leak of one key must not reveal the other.")
    if problem := signing_keys.problem_of(key, settings.JWT_ALGORITHM):
        yield error(name, f"{problem}.")
    elif not signing_keys.can_sign(key):
        yield error(name, "must be the private key.")
    elif settings.JWT_ALGORITHM == "HS256" and (flaw := weakness(key)):
        yield error(name, flaw)


def _verifying_keys() -> Iterator[CheckMessage]:
    name, old = "JWT_VERIFYING_KEYS", settings.JWT_VERIFYING_KEYS
    for key in old:
        if problem := signing_keys.problem_of(key):
            yield error(name, f"contains a key that {problem}.")
        elif signing_keys.algorithm_of(key) == "HS256" and (flaw := weakness(key)):
            yield error(name, flaw)
    if {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS} & set(old):
        yield error(name, "must not contain SECRET_KEY: it signs no tokens.")


def _encryption_keys() -> Iterator[CheckMessage]:
    name, own = "MFA_ENCRYPTION_KEYS", settings.MFA_ENCRYPTION_KEYS
    for key in own:
        if len(key) < MFA_KEY_MIN_LENGTH:
            yield error(name, f"must have at least {MFA_KEY_MIN_LENGTH} characters each.")
        elif flaw := weakness(key):
            yield error(name, flaw)
    others = {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS}
    if (others | {settings.JWT_SIGNING_KEY, *settings.JWT_VERIFYING_KEYS}) & set(own):
        yield error(name, "must not contain SECRET_KEY or JWT_SIGNING_KEY: use separate keys.")


def _transactions() -> Iterator[CheckMessage]:
    if settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        yield Error(
            "ATOMIC_REQUESTS would roll back the revocation of a session after a replayed token.",
            hint="Open transactions where they are needed, with transaction.atomic().",
            id="ATOMIC_REQUESTS",
        )


def _lifetimes() -> Iterator[CheckMessage]:
    access, refresh = switches.access_token_lifetime, switches.refresh_token_lifetime
    session = switches.session_lifetime
    if refresh <= access:
        yield error(
            "JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME",
            "must be longer than JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME.",
        )
    if switches.refresh_reuse_leeway >= refresh:
        yield error(
            "JWT_ALLAUTH_REFRESH_REUSE_LEEWAY",
            "must be shorter than JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME: no replay would be detected.",
        )
    if session is not None and session <= access:
        yield error(
            "JWT_ALLAUTH_SESSION_LIFETIME",
            "must be 0, or longer than JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME.",
        )
    if settings.UNVERIFIED_ACCOUNT_WARNING >= settings.UNVERIFIED_ACCOUNT_LIFETIME:
        yield error(
            "UNVERIFIED_ACCOUNT_WARNING", "must be shorter than UNVERIFIED_ACCOUNT_LIFETIME."
        )


def _front_end() -> Iterator[CheckMessage]:
    url: str = settings.FRONTEND_URL
    if url and (not origins.is_web_origin(origins.origin_of(url)) or "?" in url or "#" in url):
        yield error(
            "FRONTEND_URL",
            "must have a host in lower case, the port unless it is the default, and no query and "
            "no fragment: the paths of pages follow it.",
        )
    if "?" in settings.ACCOUNT_URL.partition("#")[0]:
        yield error("ACCOUNT_URL", "must have no query: the paths of pages follow it.")


def _redirects() -> Iterator[CheckMessage]:
    # The page of the front end posts the new password to this API.
    for name, origin in _origins_of_password_pages().items():
        if problem := _problem_of_password_page(origin):
            yield error(name, problem)


def _origins_of_password_pages() -> dict[str, str]:
    """By the variable to correct: ``FRONTEND_URL`` where the address follows from it."""
    front_end, found = settings.FRONTEND_URL, {}
    for name in ("PASSWORD_RESET_REDIRECT", "PASSWORD_SET_REDIRECT"):
        if address := getattr(settings, name):
            follows = front_end and address.startswith(f"{front_end}/")
            found["FRONTEND_URL" if follows else name] = origins.origin_of(address)
    return found


def _problem_of_password_page(origin: str) -> str | None:
    """Why a page there could not set a password, to follow the variable's name."""
    api = settings.PUBLIC_URL
    if origin not in {api, *settings.CORS_ALLOWED_ORIGINS}:
        return (
            f"must have an origin in CORS_ALLOWED_ORIGINS: a page of {origin} could not post the "
            "new password to this API."
        )
    if not switches.refresh_token_as_cookie or not _is_address_known():
        return None
    if not origins.may_be_one_site(origin, api):
        return (
            f"must be on the site of {api}, or JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE must be False: "
            f"browsers do not send the cookie of a link from {origin}."
        )
    if not _can_read_csrf_cookie(origins.host_of(origin)):
        return (
            f"needs a CSRF_COOKIE_DOMAIN that contains its host and that of {api}: a page of "
            f"{origin} cannot read the CSRF cookie."
        )
    return None


def _can_read_csrf_cookie(host: str) -> bool:
    domain, api = settings.CSRF_COOKIE_DOMAIN, origins.host_of(settings.PUBLIC_URL)
    # Another check refuses a domain without the API's host.
    is_wrong = domain and not origins.is_below(api, domain)
    return bool(host == api or is_wrong or (domain and origins.is_below(host, domain)))


def _is_address_known() -> bool:
    """In development, only ``make run`` sets ``PUBLIC_URL``."""
    return not settings.DEBUG or origins.is_local(origins.host_of(settings.PUBLIC_URL))


def _sites() -> Iterator[CheckMessage]:
    # In development, front ends run anywhere.
    if settings.DEBUG or not switches.refresh_token_as_cookie:
        return
    for origin in filter(_is_of_website, settings.CORS_ALLOWED_ORIGINS):
        if not origins.may_be_one_site(origin, settings.PUBLIC_URL):
            yield warning(
                "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE",
                f"is True, but {origin} is on another site than {settings.PUBLIC_URL}: browsers "
                "do not send the cookie there, so that its front end must send X-Token-Transport.",
            )


def _is_of_website(origin: str) -> bool:
    """Apps in a web view have origins such as capacitor://localhost and https://localhost."""
    is_app = origins.is_below(origins.host_of(origin), "localhost")
    return origins.is_web_origin(origin) and not is_app


def _leaked_passwords() -> Iterator[CheckMessage]:
    path, url = settings.LEAKED_PASSWORDS_FILE, settings.LEAKED_PASSWORDS_URL
    if path and not bloom_filter.is_filter(Path(path)):
        yield error(
            "LEAKED_PASSWORDS_FILE",
            "must be a readable file that `manage.py build_leaked_passwords` has made.",
        )
    if url and set("?#") & set(url):
        yield error(
            "LEAKED_PASSWORDS_URL",
            "must have no query and no fragment: five digits of a SHA-1 follow it.",
        )


def _profile_fields() -> Iterator[CheckMessage]:
    protected = {"id", "email", "email_verified", *User.CREDENTIALS, *User.SECOND_FACTOR}
    for name in sorted(protected.intersection(User.PROFILE_FIELDS)):
        yield Error(
            f"User.PROFILE_FIELDS must not contain {name}: users could change it.",
            id="PROFILE_FIELDS",
        )


CHECKS = [
    as_check("accounts", problems)
    for problems in (
        _signing_keys,
        _verifying_keys,
        _encryption_keys,
        _transactions,
        _lifetimes,
        _front_end,
        _redirects,
        _sites,
        _leaked_passwords,
        _profile_fields,
    )
]
