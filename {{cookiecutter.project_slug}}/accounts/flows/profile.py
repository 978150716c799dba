"""Profile: a person reads and changes what the project knows of them.

1. The caller is read from the access token together with the live session, in one query.
2. GET answers from that row.
3. PUT replaces the names, PATCH those that it brings. The address is not changed here.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.http import LiveSessionAuthentication, session_of
from accounts.models import User, validate_person_name
from core.errors import refused


class ProfileSerializer(serializers.Serializer[User]):
    email = serializers.EmailField(max_length=254)
    first_name = serializers.CharField(
        max_length=150, allow_blank=True, validators=[validate_person_name]
    )
    last_name = serializers.CharField(
        max_length=150, allow_blank=True, validators=[validate_person_name]
    )

    def validate_email(self, email: str) -> str:
        if self.instance is not None and email.lower() != self.instance.email:
            raise serializers.ValidationError("The e-mail address cannot be changed here.")
        return email


def change_names(*, user: User, names: dict[str, Any]) -> None:
    for field, value in names.items():
        setattr(user, field, value)
    user.save(update_fields=names)


class ProfileView(APIView):
    """The caller's own account."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(responses={200: ProfileSerializer, **refused(401)})
    def get(self, request: Request) -> Response:
        return Response(ProfileSerializer(session_of(request).user).data)

    @extend_schema(
        request=ProfileSerializer, responses={200: ProfileSerializer, **refused(400, 401)}
    )
    def put(self, request: Request) -> Response:
        return self._change(request, partial=False)

    @extend_schema(
        request=ProfileSerializer(partial=True),
        responses={200: ProfileSerializer, **refused(400, 401)},
    )
    def patch(self, request: Request) -> Response:
        return self._change(request, partial=True)

    def _change(self, request: Request, *, partial: bool) -> Response:
        user = session_of(request).user
        form = ProfileSerializer(user, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        names = {name: value for name, value in form.validated_data.items() if name != "email"}
        change_names(user=user, names=names)
        return Response(ProfileSerializer(user).data)
