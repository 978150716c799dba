"""Each variable of ``.env.example`` stops the start where it holds nonsense, or says why not."""

import re

import pytest
from django.core.management.base import SystemCheckError

from config.env import BASE_DIR
from core.checks import refuse_bad_settings
from project_tests.environment import environment_of
from project_tests.served.test_restarts import check_config

NONSENSE = "nonsense\x07 <>{}:/x"

OF_GUNICORN = ["PORT", "WEB_CONCURRENCY", "WEB_THREADS"]
"""Read by its configuration, before there are settings."""

OF_COMPOSE = [
    *("POSTGRES_PASSWORD", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "DOMAIN"),
    *("WEB_PORT", "WEB_PORTS", "MAILPIT_PORT", "WORKER_CONCURRENCY", "EXTRAS"),
    *("APP_MEMORY", "APP_PROCESSES", "POSTGRES_MEMORY"),
]
"""Read by Docker Compose alone, which refuses most of them itself."""

VARIABLES = re.findall(
    r"^(?:# )?([A-Z][A-Z0-9_]+)=", (BASE_DIR / ".env.example").read_text(encoding="utf-8"), re.M
)
OURS = sorted({*VARIABLES} - {*OF_GUNICORN} - {*OF_COMPOSE})


def test_no_variable_is_described_twice() -> None:
    assert len(VARIABLES) == len({*VARIABLES}) > 50


@pytest.mark.filterwarnings("ignore:The send_default_pii option is deprecated")
@pytest.mark.parametrize("name", OURS)
def test_nonsense_stops_the_start_with_the_name_of_the_variable(name: str) -> None:
    with environment_of(**{name: NONSENSE}), pytest.raises(SystemCheckError, match=f": .*{name} "):
        refuse_bad_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in OF_GUNICORN
        for value in ("0", "65536", "-1", "nonsense")
        # Gunicorn has read it before, and fails with a message of its own.
        if name != "WEB_CONCURRENCY" or value.isdigit()
    ],
)
def test_nonsense_stops_gunicorn_with_the_name_of_the_variable(name: str, value: str) -> None:
    ended = check_config(**{name: value})

    assert ended.returncode != 0
    assert f"{name} must" in ended.stderr


@pytest.mark.parametrize("name", sorted({*VARIABLES}))
def test_document_says_of_each_variable_what_is_refused(name: str) -> None:
    assert f"`{name}`" in (BASE_DIR / "docs" / "production.md").read_text(encoding="utf-8")
