"""``DATABASE_URL``, read by libpq and checked without a connection.

No error quotes the URL or libpq: any part may be a password that is not percent-encoded.
"""

import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.setting_error import SettingError

EXPECTED = "a URL like postgresql://user:password@host:5432/name"
# PostgreSQL truncates a longer name, and Django refuses it.
NAME_MAX_LENGTH = 63

_SHAPE = re.compile(
    r"(postgres|postgresql|pgsql|postgis)://([^@/?]*(?:@[^@/?]*)?(?:/[^@/?]*)?)(?:\?([^@]*))?"
)
_PLACE = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
_TRUE_FALSE = {"true": True, "false": False, "1": True, "0": False}
_NO_SOCKET = "/no-such-folder"


def _boolean(text: str) -> bool:
    return _TRUE_FALSE[text.lower()]


def _number(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ValueError
    return int(text)


def _number_or_none(text: str) -> int | None:
    return None if text.lower() == "none" else _number(text)


# The project relies on the defaults of Django's other settings.
_SETTINGS: dict[str, Callable[[str], object]] = {
    "conn_max_age": _number_or_none,
    "conn_health_checks": _boolean,
    "disable_server_side_cursors": _boolean,
    "atomic_requests": _boolean,
}
# Of Django's engine and of psycopg.
_OPTIONS: dict[str, Callable[[str], object]] = {
    "pool": _boolean,
    "prepare_threshold": _number_or_none,
    "server_side_binding": _boolean,
    "assume_role": str,
}
# libpq reads these only when it connects to a host.
_NUMBERS = (
    *("connect_timeout", "tcp_user_timeout", "keepalives"),
    *("keepalives_idle", "keepalives_interval", "keepalives_count"),
)
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "passfile")


def parse(url: str, *, with_gis: bool = False) -> dict[str, Any]:
    """Returns an entry of Django's ``DATABASES``. With ``with_gis``, postgis:// means GeoDjango.

    Raises:
        SettingError: Django, psycopg or libpq would refuse the URL.
    """
    shape = _SHAPE.fullmatch(url)
    if not shape:
        raise SettingError(
            f"must be {EXPECTED}, with %40 for an @ of the password and %2F for a /."
        )
    scheme, server, query = shape.groups(default="")
    settings, options, rest = _sort(query)
    parameters = _read(f"postgresql://{server}?{rest}")
    _refuse_parameters(parameters)
    _refuse_pool(settings, options)
    place = {name: parameters.pop(key, "") for name, key in _PLACE.items()}
    _refuse_name(place["NAME"], has_service="service" in parameters)
    gis = scheme == "postgis" and with_gis
    engine = "django.contrib.gis.db.backends.postgis" if gis else "django.db.backends.postgresql"
    return {"ENGINE": engine, **place, **settings, "OPTIONS": {**parameters, **options}}


def _sort(query: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The settings of Django, the options of engine and psycopg, and the query for libpq."""
    settings: dict[str, Any] = {}
    options: dict[str, Any] = {}
    rest = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        key = unquote(name).lower()
        if key in _SETTINGS:
            settings[key.upper()] = _converted(key, unquote(value), _SETTINGS[key])
        elif key in _OPTIONS:
            options[key] = _converted(key, unquote(value), _OPTIONS[key])
        else:
            rest.append(part)
    return settings, options, "&".join(rest)


def _converted(key: str, value: str, convert: Callable[[str], object]) -> object:
    try:
        return convert(value)
    except (ValueError, KeyError):
        raise SettingError(f"has an invalid value for {key}.") from None


def _read(url: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(url))
    except (ProgrammingError, ValueError):
        raise SettingError(
            "cannot be read by libpq: it has an option that libpq does not know, or a character "
            "of the user, the password or an option that must be percent-encoded (% is %25)."
        ) from None


def _refuse_parameters(parameters: Mapping[str, Any]) -> None:
    for name in _NUMBERS:
        if name in parameters:
            _converted(name, parameters[name], _number)
    for name in _FILES:
        file = parameters.get(name) or "system"
        if file != "system" and not Path(file).exists():
            raise SettingError(f"has a file for {name} that does not exist.")
    if error := _error_of_libpq(parameters):
        refused = next((name for name in parameters if name in error), None)
        if refused:
            raise SettingError(f"has a value for {refused} that libpq refuses.")
        raise SettingError("is refused by libpq: it refers to something that does not exist.")


def _error_of_libpq(parameters: Mapping[str, Any]) -> str:
    """Returns libpq's error for the values, or "".

    libpq checks most values when it connects, so it connects to a socket that does not exist. Only
    an error that names the socket is about the connection.
    """
    hosts = ",".join(_NO_SOCKET for _ in str(parameters.get("host", "")).split(","))
    # An empty address overrides PGHOSTADDR of the environment.
    probe = {**parameters, "host": hosts, "hostaddr": ""}
    connection = pq.PGconn.connect_start(make_conninfo(**probe).encode())
    error = connection.error_message.decode(errors="replace")
    connection.finish()
    return "" if _NO_SOCKET in error else error


def _refuse_name(name: str, *, has_service: bool) -> None:
    if not name and not has_service:
        raise SettingError("must name a database, after the host: postgresql://host/name.")
    if len(name.encode()) > NAME_MAX_LENGTH:
        raise SettingError(f"names a database with more than {NAME_MAX_LENGTH} bytes.")


def _refuse_pool(settings: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    if not options.get("pool"):
        return
    if not find_spec("psycopg_pool"):
        raise SettingError("must not have pool=true unless psycopg-pool is installed.")
    if settings.get("CONN_MAX_AGE"):
        raise SettingError(
            "must have pool or conn_max_age, not both: a pool keeps its connections."
        )
