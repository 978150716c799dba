"""Microsoft: each tenant is an issuer of its own.

Any tenant may write any address into the claim ``email``. Only the optional claim ``xms_edov`` says
that the tenant has verified the domain (docs/social-login.md).
"""

from dataclasses import dataclass

from core.origins import origin_of
from social_login.providers import claims
from social_login.providers.http import Connections, Json
from social_login.providers.openid import OpenIDProvider


@dataclass(frozen=True, kw_only=True)
class Microsoft(OpenIDProvider):
    def may_describe(self, issuer: str) -> bool:
        # ``common`` has the issuer ``…/{tenantid}/v2.0``, and a domain has that of its tenant.
        return origin_of(issuer) == origin_of(self.issuer)

    def expected_issuer(self, found: Json, connections: Connections) -> str:
        issuer = str(self.discover(connections)["issuer"])
        return issuer.replace("{tenantid}", claims.text(found.get("tid")))

    def read_subject(self, found: Json) -> str:
        """``sub`` is unique within its tenant only."""
        return f"{claims.text(found.get('tid'))}:{super().read_subject(found)}"

    def has_verified(self, found: Json) -> bool:
        return found.get("xms_edov") in (True, 1, "true", "1")
