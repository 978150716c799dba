"""The cookies of accounts. A browser may send several of one name: one of them counts."""

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from accounts.errors import TokenNotValid
from accounts.services.mfa import trusted_devices
from accounts.services.passwords import recognised_devices
from accounts.services.sessions import live_sessions, tokens
from accounts.services.sessions.tokens import RefreshToken
from core.cookies import note_mixed, scoped
from core.logging import security_log

_SIGNING_IN = ("rest_login", "token_refresh", "rest_logout")

_JWT = r"[\w-]+\.[\w-]+\.[\w-]+"

REFRESH = scoped("refresh_token", _JWT, *_SIGNING_IN)
DEVICE = scoped("known_device", recognised_devices.SHAPE, *_SIGNING_IN)
TRUSTED = scoped("trusted_device", trusted_devices.SHAPE, *_SIGNING_IN)
ADMIN_DEVICE = scoped(DEVICE.name, recognised_devices.SHAPE, "admin:index", "admin:login")

REFRESH_COOKIE = REFRESH.name
DEVICE_COOKIE = DEVICE.name


def refresh_token(request: HttpRequest | Request) -> str:
    """The refresh token, not verified; "" for none. Of several of one session, the latest.

    Raises:
        TokenNotValid: there are tokens of two accounts, or of two live sessions: a sibling domain
            may have set one of them.
    """
    presented = REFRESH.values(request)
    if len(presented) < 2:
        return "".join(presented)
    ours = {text: token for text in presented if (token := _read(text))}
    if len({token.user_id for token in ours.values()}) > 1:
        raise _refuse_mixed(request)
    if len({token.session_id for token in ours.values()}) > 1:
        ours = _of_one_live_session(request, ours)
    return max(ours, key=lambda text: ours[text]["iat"], default=presented[0])


def former_refresh_token(request: HttpRequest | Request) -> str:
    """The token whose session the next sign-in ends; "" where it is not certain."""
    try:
        return refresh_token(request)
    except TokenNotValid:
        return ""


def device_token(request: HttpRequest | Request) -> str:
    kept = DEVICE.values(request)
    if len(kept) > 1:
        # We set one. Others of its shape could use up the room that ``join`` has.
        note_mixed(request)
    return recognised_devices.join(kept)


def _of_one_live_session(
    request: HttpRequest | Request, ours: dict[str, RefreshToken]
) -> dict[str, RefreshToken]:
    now = timezone.now()
    live = {text: token for text, token in ours.items() if live_sessions.exists(token, now=now)}
    if len({token.session_id for token in live.values()}) > 1:
        raise _refuse_mixed(request)
    return live or ours


def _refuse_mixed(request: HttpRequest | Request) -> TokenNotValid:
    security_log.record("refresh_tokens_mixed", alarming=True)
    note_mixed(request)
    return TokenNotValid()


def _read(token: str) -> RefreshToken | None:
    try:
        return tokens.read_refresh(token)
    except TokenNotValid:
        return None
