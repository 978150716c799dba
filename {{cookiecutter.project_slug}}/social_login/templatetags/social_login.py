from django import template

from social_login.providers import registry
from social_login.providers.base import Provider

register = template.Library()


@register.simple_tag
def providers_switched_on() -> list[Provider]:
    """The providers that a page has a button for."""
    return registry.switched_on()
