"""Scopes: what a token may do. The apps of the project register theirs.

A token never has more scopes than the role of its account allows now.
"""

from collections.abc import Iterable
from typing import Any

from accounts.models import User

_roles: dict[str, frozenset[str]] = {}


def register(name: str, *, roles: Iterable[str] = User.Role.values) -> None:
    """Call it in ``ready()`` of the app.

    Args:
        name: like ``orders:read``.
        roles: those whose accounts may give the scope to a token.
    """
    _roles[name] = frozenset(roles)


def names() -> list[str]:
    return sorted(_roles)


def roles(name: str) -> list[str]:
    """Those whose accounts may give the scope to a token."""
    return sorted(_roles[name])


def allowed(role: str, scopes: Iterable[str]) -> set[str]:
    """Those of the scopes that are registered, and that the role allows."""
    return {name for name in scopes if role in _roles.get(name, ())}


def required(view: Any, method: str) -> str | None:
    """The scope that a view requires of a token; None where it takes no token.

    Args:
        view: a view. Its ``token_scopes`` has a scope for each method.
    """
    scopes: dict[str, str] = getattr(view, "token_scopes", {})
    return scopes.get("GET" if method == "HEAD" else method)
