"""Rate limits, as Django REST framework writes them. ``THROTTLE_RATES`` changes or lifts them.

A scope counts by client address, or by user if authenticated. A scope that ends in ``_account``
counts by the account or the e-mail address in the request, across all clients.
"""

import re

from config.env import env

DEFAULT_RATES: dict[str, str | None] = {
    # For each request.
    "anon": "300/min",
    "user": "600/min",
    "login": "20/min",
    # 480 guesses a day do not find a password that is not a common one.
    "login_account": "20/hour",
    "refresh": "120/min",
    "registration": "20/hour",
    "registration_account": "5/hour",
    "resend": "20/hour",
    "resend_account": "5/hour",
    "set_password": "30/hour",
    "invitation": "100/hour",
    "invitation_account": "5/hour",
    "password_reset": "20/hour",
    "password_reset_account": "5/hour",
    "password_change": "20/hour",
    # Wrong passwords in a signed-in session: an attacker may use the owner's browser.
    "password_check_account": "10/hour",
    "account_closing": "10/hour",
    "export_account": "3/day",
    "email_change": "10/hour",
    "email_change_account": "5/hour",
    "mfa": "30/min",
    # feature: passkeys
    "passkey_options": "60/min",
    # end feature
    # feature: api_tokens
    # For each request with a token, instead of ``user``.
    "api_token": "600/min",
    "api_token_account": "20/hour",
    # end feature
    # All e-mails to one mailbox that anonymous clients can cause.
    "mailbox_account": "5/hour",
    # E-mails about sign-ins on new devices. A script without cookies causes one at each sign-in.
    "new_device_account": "5/day",
}

_RATE = re.compile(r"[1-9]\d{0,8}/(s|sec|second|m|min|minute|h|hour|d|day)", re.ASCII)


def to_rates(raw: str) -> dict[str, str | None]:
    """
    Raises:
        ValueError: a rate or a scope is invalid.
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
