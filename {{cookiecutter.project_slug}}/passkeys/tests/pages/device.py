"""The authenticator of Chromium that is made for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page


class Device:
    """The virtual authenticator of a page."""

    def __init__(self, session: CDPSession, **options: Any) -> None:
        self._session = session
        session.send("WebAuthn.enable")
        added = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = {"authenticatorId": added["authenticatorId"]}

    def credentials(self) -> list[dict[str, Any]]:
        found = self._session.send("WebAuthn.getCredentials", self._id)
        return list(found["credentials"])

    def verify_users(self, verified: bool) -> None:
        self._session.send("WebAuthn.setUserVerified", {**self._id, "isUserVerified": verified})

    def touch(self, touched: bool) -> None:
        """Whether a user is there who takes what the browser suggests."""
        options = {**self._id, "enabled": touched}
        self._session.send("WebAuthn.setAutomaticPresenceSimulation", options)

    def remove(self) -> None:
        self._session.send("WebAuthn.removeVirtualAuthenticator", self._id)
        self._session.detach()


def add_device(page: Page) -> Device:
    return Device(
        page.context.new_cdp_session(page),
        protocol="ctap2",
        transport="internal",
        hasResidentKey=True,
        hasUserVerification=True,
        isUserVerified=True,
        automaticPresenceSimulation=True,
        defaultBackupEligibility=True,
        defaultBackupState=True,
    )
