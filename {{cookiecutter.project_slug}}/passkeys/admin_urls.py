"""The URL of passkeys below Django admin."""

from django.urls import path

from passkeys.admin_sign_in import AdminPasskeyView

urlpatterns = [path("passkey/", AdminPasskeyView.as_view(), name="admin_passkey")]
