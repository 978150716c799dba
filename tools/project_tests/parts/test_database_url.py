"""``DATABASE_URL`` is what libpq and Django will make of it, or is refused at the start."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from core import database_url
from core.setting_error import SettingError
from project_tests.environment import settings_of

ENGINE = "django.db.backends.postgresql"


def database(url: str, **environment: str) -> dict[str, Any]:
    default: dict[str, Any] = settings_of(DATABASE_URL=url, **environment)["DATABASES"]["default"]
    return default


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "pgsql", "postgis"])
def test_every_scheme_of_postgresql_is_read(scheme: str) -> None:
    read = database(f"{scheme}://ada:secret@db.test:5433/shop")

    place = {name: read[name] for name in ("ENGINE", "USER", "PASSWORD", "HOST", "PORT", "NAME")}
    assert list(place.values()) == [ENGINE, "ada", "secret", "db.test", "5433", "shop"]


def test_postgis_takes_the_engine_of_geodjango_where_that_is_installed() -> None:
    read = database_url.parse("postgis://db/shop", with_gis=True)

    assert read["ENGINE"] == "django.contrib.gis.db.backends.postgis"


@pytest.mark.parametrize(
    ("text", "password"),
    [("p%40w", "p@w"), ("%2F%3F%23%25", "/?#%"), ("a:b#c", "a:b#c"), ("a+b", "a+b")],
)
def test_password_is_read_as_libpq_reads_it(text: str, password: str) -> None:
    assert database(f"postgres://ada:{text}@db/shop")["PASSWORD"] == password


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgres://[2001:db8::1]:5433/shop", "2001:db8::1", "5433"),
        ("postgres://one,two:5433/shop", "one,two", ",5433"),
        ("postgres://%2Frun%2Fpg/shop", "/run/pg", ""),
        ("postgres://ada@/shop?host=/run/pg", "/run/pg", ""),
    ],
)
def test_host_is_read_as_libpq_reads_it(url: str, host: str, port: str) -> None:
    read = database(url)

    assert (read["HOST"], read["PORT"], read["NAME"]) == (host, port, "shop")


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("conn_max_age=5", "CONN_MAX_AGE", 5),
        ("CONN_MAX_AGE=None", "CONN_MAX_AGE", None),
        ("conn_health_checks=true", "CONN_HEALTH_CHECKS", True),
        ("disable_server_side_cursors=True", "DISABLE_SERVER_SIDE_CURSORS", True),
    ],
)
def test_setting_of_django_has_its_type(query: str, name: str, value: object) -> None:
    assert database(f"postgres://db/shop?{query}")[name] == value


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("prepare_threshold=None", "prepare_threshold", None),
        ("prepare_threshold=0", "prepare_threshold", 0),
        ("pool=false", "pool", False),
        ("server_side_binding=true", "server_side_binding", True),
        ("sslmode=require", "sslmode", "require"),
        ("ssl=true", "sslmode", "require"),
        ("application_name=my%20shop", "application_name", "my shop"),
        ("options=-c%20statement_timeout%3D5s", "options", "-c statement_timeout=5s"),
        ("connect_timeout=9", "connect_timeout", "9"),
    ],
)
def test_option_has_its_type(query: str, name: str, value: object) -> None:
    assert database(f"postgres://db/shop?{query}")["OPTIONS"][name] == value


def test_pool_keeps_no_connection_beside_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    monkeypatch.setattr("core.database_url.find_spec", lambda _: object())

    read = database("postgres://db/shop?pool=true")

    assert (read["OPTIONS"]["pool"], read["CONN_MAX_AGE"]) == (True, 0)


def test_behind_a_pooler_nothing_outlives_its_transaction() -> None:
    read = database("postgres://db/shop", DATABASE_POOLER="transaction")

    assert read["OPTIONS"]["prepare_threshold"] is None
    assert read["DISABLE_SERVER_SIDE_CURSORS"] is True


SECRETS = ["hunter2", "tr0ub4dor"]

REFUSED = [
    "nonsense-hunter2",
    "sqlite:///hunter2",
    "mysql://ada:hunter2@db/shop",
    "postgres://ada:hunter2@db",
    "postgres://ada:hunter2@db/",
    f"postgres://ada:hunter2@db/{'d' * 64}",
    "postgres://ada:hunter2@db:port/shop",
    "postgres://ada:hunter2@db:99999/shop",
    "postgres://ada:hunter2@/shop?host=db&port=5432,5433",
    "postgres://ada:hunter2@[::1/shop",
    "postgres://ada:hunter2%zztr0ub4dor@db/shop",
    "postgres://ada:hunter2%ff@db/shop",
    "postgres://ada:hunter2@tr0ub4dor@db/shop",
    "postgres://ada:hunter2/tr0ub4dor@db/shop",
    "postgres://ada:1/tr0ub4dor@db/shop",
    "postgres://ada:hunter2?tr0ub4dor@db/shop",
    "postgres://ada:hunter2?tr0ub4dor=1@db/shop",
    "postgres://ada:hunter2@db/shop?tr0ub4dor=1",
    *(
        f"postgres://ada:hunter2@db/shop?{query}"
        for query in (
            "sslmode=perhaps",
            "sslmode=verify-full&sslrootcert=/no/such/file",
            "channel_binding=perhaps",
            "target_session_attrs=perhaps",
            "connect_timeout=soon",
            "keepalives_idle=long",
            "tcp_user_timeout=1s",
            "service=nowhere",
            "conn_max_age=long",
            "conn_max_age=-1",
            "conn_health_checks=perhaps",
            "prepare_threshold=many",
            "prepare_threshold=-1",
            "pool=perhaps",
            "pool=true&conn_max_age=60",
            "autocommit=False",
            "isolation_level=1",
            "engine=django.db.backends.sqlite3",
        )
    ),
]


@pytest.mark.parametrize("url", REFUSED)
def test_url_that_cannot_work_is_refused_without_a_part_of_its_password(url: str) -> None:
    problems = settings_of(DATABASE_URL=url)["ENVIRONMENT_PROBLEMS"]

    assert problems["DATABASE_URL"].startswith("DATABASE_URL ")
    assert not [secret for secret in SECRETS if secret in problems["DATABASE_URL"]]


@pytest.mark.parametrize("option", ["sslmode=perhaps", "connect_timeout=soon", "pool=perhaps"])
def test_option_with_a_value_that_is_refused_is_named(option: str) -> None:
    with pytest.raises(SettingError, match=option.partition("=")[0]):
        database_url.parse(f"postgres://db/shop?{option}")


def test_url_is_judged_without_a_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # libpq would take these for what the URL leaves out.
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    monkeypatch.setenv("PGPORT", "1")

    assert database_url.parse("postgres://no-such-host.invalid/shop")["NAME"] == "shop"


def test_database_of_the_tests_is_reached_with_what_was_read(settings: Any) -> None:
    default = settings.DATABASES["default"]

    with psycopg.connect(
        host=default["HOST"], user=default["USER"], port=default["PORT"], dbname="postgres"
    ) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
