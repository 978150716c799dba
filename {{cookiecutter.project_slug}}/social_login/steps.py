"""Issues and consumes what a sign-in carries from one request to the next.

The table has digests only. The values that go to the provider derive from ``state`` and
``SECRET_KEY``: an attacker who reads the table or the address bar cannot compute them.
"""

import hmac
import secrets
from datetime import datetime
from typing import Any, TypeVar

from django.utils.crypto import salted_hmac

from core import digests
from social_login.conf import AUTHORIZATION_LIFETIME, CODE_LIFETIME, callback_url
from social_login.models import Authorization, CompletedAuthorization, Step
from social_login.providers.base import Attempt, Identity
from social_login.providers.claims import pkce_challenge

_BYTES = 32
_SECRET, _BROWSER = "social_login.secret", "social_login.browser"

S = TypeVar("S", bound=Step)


class StepNotValid(Exception):  # noqa: N818  every flow has its own response to it
    """Unknown, expired or consumed, or started in another browser or app."""


def attempt_of(provider: str, state: str) -> Attempt:
    """The values for one sign-in at the provider, always the same for one ``state``."""
    return Attempt(
        state=state,
        nonce=_derive("nonce", state),
        code_verifier=_derive("verifier", state),
        redirect_uri=callback_url(provider),
    )


def begin(*, provider: str, browser: str, now: datetime, **fields: Any) -> str:
    """Returns the ``state``.

    Args:
        browser: the cookie's value; "" for an app, which has a ``code_challenge``.
    """
    state = secrets.token_urlsafe(_BYTES)
    Authorization.objects.create(
        secret_digest=digests.make(_SECRET, state),
        browser_digest=browser and digests.make(_BROWSER, browser),
        provider=provider,
        expires_at=now + AUTHORIZATION_LIFETIME,
        **fields,
    )
    return state


def finish(authorization: Authorization, identity: Identity, *, now: datetime) -> str:
    """Returns the one-time code for the front end."""
    code = secrets.token_urlsafe(_BYTES)
    CompletedAuthorization.objects.create(
        secret_digest=digests.make(_SECRET, code),
        browser_digest=authorization.browser_digest,
        code_challenge=authorization.code_challenge,
        provider=identity.provider,
        user_id=authorization.user_id,
        session_id=authorization.session_id,
        subject=identity.subject,
        email=identity.email,
        email_verified=identity.email_verified,
        first_name=identity.first_name,
        last_name=identity.last_name,
        multi_factor=identity.multi_factor,
        expires_at=now + CODE_LIFETIME,
    )
    return code


def find_authorization(state: str, *, provider: str, now: datetime) -> Authorization:
    """Raises ``StepNotValid``."""
    authorization = _find(Authorization, state, now)
    if authorization.provider != provider:
        raise StepNotValid
    return authorization


def find_completed(code: str, *, now: datetime) -> CompletedAuthorization:
    """Raises ``StepNotValid``."""
    return _find(CompletedAuthorization, code, now)


def identity_of(completed: CompletedAuthorization) -> Identity:
    return Identity(
        provider=completed.provider,
        subject=completed.subject,
        email=completed.email,
        email_verified=completed.email_verified,
        first_name=completed.first_name,
        last_name=completed.last_name,
        multi_factor=completed.multi_factor,
    )


def consume(step: Step) -> None:
    """Of two requests, one consumes it. Raises ``StepNotValid`` for the other."""
    consumed, _ = type(step)._default_manager.filter(pk=step.pk).delete()
    if not consumed:
        raise StepNotValid


def require_browser(step: Step, browser: str) -> None:
    """Without it, an attacker could sign a user in to the attacker's account.

    Raises:
        StepNotValid: another browser started. An app proves itself by ``require_verifier``.
    """
    if step.browser_digest and not digests.matches(step.browser_digest, _BROWSER, browser):
        raise StepNotValid


def require_verifier(step: Step, verifier: str) -> None:
    """Raises ``StepNotValid`` if the app that started has another verifier."""
    challenge = step.code_challenge
    if challenge and not hmac.compare_digest(challenge, pkce_challenge(verifier)):
        raise StepNotValid


def purge(*, now: datetime) -> None:
    for model in (Authorization, CompletedAuthorization):
        model._default_manager.filter(expires_at__lte=now).delete()


def _find(model: type[S], secret: str, now: datetime) -> S:
    digest = digests.make(_SECRET, secret)
    step = model._default_manager.filter(secret_digest=digest, expires_at__gt=now).first()
    if step is None:
        raise StepNotValid
    return step


def _derive(purpose: str, state: str) -> str:
    return salted_hmac(f"social_login.{purpose}", state, algorithm="sha256").hexdigest()
