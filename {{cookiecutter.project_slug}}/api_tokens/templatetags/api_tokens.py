from datetime import timedelta
from typing import Any

from django import template

from api_tokens import conf, scopes

register = template.Library()

LIFETIMES = [timedelta(days=days) for days in (7, 30, 90, 365)]


@register.simple_tag
def token_choices() -> dict[str, Any]:
    """What users can choose for a new token. The script shows the scopes of their role only."""
    longest = conf.max_lifetime()
    return {
        "prefix": conf.prefix(),
        "scopes": [(name, " ".join(scopes.roles(name))) for name in scopes.names()],
        "lifetimes": [each for each in LIFETIMES if each <= longest] or [longest],
    }
