"""How often what may be asked: requests by period (s, min, hour, day), as Django REST framework
writes them. ``THROTTLE_RATES`` changes some of them, or lifts all.

A scope is counted by client address, or by account where somebody is signed in; one that ends in
``_account`` by the account or address that the request names, from any client.
"""

import re

from config.env import env

DEFAULT_RATES: dict[str, str | None] = {
    # At every endpoint, once the access token is good: anonymous clients, and signed-in people.
    "anon": "300/min",
    "user": "600/min",
    "login": "20/min",
    # Twenty guesses an hour are 480 a day: hopeless against a password that is not a common one.
    "login_account": "20/hour",
    "refresh": "120/min",
    "registration": "20/hour",
    "registration_account": "5/hour",
    "set_password": "30/hour",
    "invitation": "100/hour",
    "invitation_account": "5/hour",
    "password_reset": "20/hour",
    "password_reset_account": "5/hour",
    "password_change": "20/hour",
    # Wrong passwords of somebody who is signed in: the open browser in the hands of another.
    "password_check_account": "10/hour",
    "email_change": "10/hour",
    "email_change_account": "5/hour",
    "mfa": "30/min",
    # E-mails that others can cause, of all kinds together, to one mailbox.
    "mailbox_account": "5/hour",
    # E-mails about sign-ins on new devices: what a script without cookies would cause.
    "new_device_account": "5/day",
}

_RATE = re.compile(r"[1-9]\d{0,8}/(s|sec|second|m|min|minute|h|hour|d|day)", re.ASCII)


def to_rates(raw: str) -> dict[str, str | None]:
    """
    Raises:
        ValueError, KeyError: a rate, or a scope, that makes no sense.
    """
    if raw == "off":
        return dict.fromkeys(DEFAULT_RATES)
    given = dict(part.strip().split("=", 1) for part in raw.split(","))
    unknown = given.keys() - DEFAULT_RATES.keys()
    if unknown or not all(_RATE.fullmatch(rate) for rate in given.values() if rate != "off"):
        raise ValueError(raw)
    return DEFAULT_RATES | {scope: None if rate == "off" else rate for scope, rate in given.items()}


EXPECTED = (
    "rates like login=10/min,anon=100/min of the scopes in config/settings/throttling.py, or off"
)

THROTTLE_RATES = env.read("THROTTLE_RATES", to_rates, DEFAULT_RATES, EXPECTED)
