"""Every endpoint below ``/api/auth/``, read from the list of URLs."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.test import override_settings
from django.urls import URLPattern, reverse
from drf_spectacular.generators import SchemaGenerator
from rest_framework.views import APIView

from accounts.urls import urlpatterns
from tests.people import PASSWORD

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_ARGUMENTS = {
    "session_id": "2f1c7c1e-9d1b-4a56-8f4f-0d3b1a3f1c11",
    "device_id": "2f1c7c1e-9d1b-4a56-8f4f-0d3b1a3f1c11",
    "uidb64": "LxwcHp0bSlaPTw07Gj8cEQ",
    "token": "password_reset.token",
    "key": "sign_up.key",
}
_VALUES = {
    "email": "nobody@example.test",
    "password": PASSWORD,
    "role": "USER",
    "code": "123456",
    "recovery_code": "12345678",
}


@dataclass(frozen=True)
class Endpoint:
    name: str
    path: str
    is_page: bool
    """Whether it answers with HTML."""

    def __str__(self) -> str:
        return self.name


def _endpoint(pattern: URLPattern) -> Endpoint:
    arguments = {name: _ARGUMENTS[name] for name in pattern.pattern.converters}
    view: Any = pattern.callback
    is_page = not issubclass(view.view_class, APIView)
    return Endpoint(str(pattern.name), reverse(str(pattern.name), kwargs=arguments), is_page)


@cache
def endpoints() -> tuple[Endpoint, ...]:
    ours = (p for p in urlpatterns if p.pattern.converters.keys() <= _ARGUMENTS.keys())
    return tuple(map(_endpoint, ours))


@dataclass(frozen=True)
class Operation:
    """A method of an endpoint that takes a body."""

    method: str
    path: str
    body: tuple[tuple[str, str], ...]
    """One that is well formed: each field with a value of its kind, none of them a right one."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def operations() -> tuple[Operation, ...]:
    """Those that take a body, and every POST: from the description, with everything switched on."""
    switches: dict[str, Any] = {
        "JWT_ALLAUTH_MFA_TOTP_MODE": "optional",
        "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": False,
        "JWT_ALLAUTH_INVITATIONS": True,
    }
    with override_settings(**switches):
        schema = SchemaGenerator(urlconf="tests.own_urls").get_schema(request=None, public=True)
    components = schema["components"]["schemas"]
    return tuple(
        Operation(method.upper(), path, _body(operation.get("requestBody"), components))
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation or method == "post"
    )


def _body(described: Any, components: Any) -> tuple[tuple[str, str], ...]:
    if described is None:
        return ()
    reference = described["content"]["application/json"]["schema"]["$ref"]
    fields = components[reference.rpartition("/")[2]]["properties"]
    return tuple((name, _value(name)) for name in fields)


def _value(name: str) -> str:
    return PASSWORD if "password" in name else _VALUES.get(name, "something")
