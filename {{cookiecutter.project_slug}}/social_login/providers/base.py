"""What every provider has in common."""

from dataclasses import dataclass
from typing import Protocol

from social_login.providers.http import Connections


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user who has just signed in at a provider, as the provider describes them."""

    provider: str
    subject: str
    """The provider's own id of the user, which never changes. The address may."""
    email: str
    """Normalised, and "" if the provider gives none that is valid."""
    email_verified: bool
    """The provider verifies addresses, and has verified this one."""
    first_name: str = ""
    last_name: str = ""
    multi_factor: bool = False
    """The user has shown more than one factor there."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The values of one sign-in that the provider receives and gives back."""

    state: str
    nonce: str
    code_verifier: str
    redirect_uri: str


class Provider(Protocol):
    """A provider that is switched on."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def posts_back(self) -> bool:
        """Whether its callback is a POST from its own site, as Apple's is."""
        ...

    def authorization_url(self, attempt: Attempt, connections: Connections) -> str:
        """Where the browser goes to sign in there. Raises ``ProviderError``."""
        ...

    def identify(
        self, code: str, attempt: Attempt, connections: Connections, form: dict[str, str]
    ) -> Identity:
        """Exchanges the code of the callback. Raises ``ProviderError``.

        Args:
            form: the parameters of the callback.
        """
        ...
