"""``SESSION_ENGINE``: Django's database sessions, stored under a digest of their key.

Only Django admin uses sessions. Django stores the key as the cookie holds it, so everyone who can
read the table could sign in as an administrator.
"""

import hashlib
import uuid
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.db.models import QuerySet
from django.utils import timezone


class SessionStore(db.SessionStore):
    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        row = await super().acreate_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    def exists(self, session_key: str) -> bool:
        return super().exists(_digest(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(_digest(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            super().delete(_digest(key))

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            await super().adelete(_digest(key))

    def load(self) -> dict[str, Any]:
        found = self._found().first()
        if found is None:
            # A new key: the next session must not get a key that a client chose (session fixation).
            self.flush()
            return {}
        return self.decode(found.session_data)

    async def aload(self) -> dict[str, Any]:
        found = await self._found().afirst()
        if found is None:
            await self.aflush()
            return {}
        return self.decode(found.session_data)

    def _found(self) -> QuerySet[Any]:
        rows = self.model.objects.filter(expire_date__gt=timezone.now())
        return rows.filter(session_key=_digest(self.session_key or ""))


def end_all() -> None:
    db.SessionStore.get_model_class().objects.all().delete()


def end_of(user_id: uuid.UUID) -> None:
    """Reads all sessions: only their data name the user."""
    live = db.SessionStore.get_model_class().objects.filter(expire_date__gt=timezone.now())
    for row in live:
        if row.get_decoded().get(SESSION_KEY) == str(user_id):
            row.delete()


def _digest(key: str) -> str:
    # As long as the column. The key has 165 random bits, so the digest needs no salt.
    return hashlib.sha256(key.encode()).hexdigest()[:40]
