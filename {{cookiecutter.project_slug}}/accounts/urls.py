"""Every path below ``/api/auth/`` with its name, by topic."""

from django.urls import path

from accounts.flows.closing import ClosingView, ReopeningView
from accounts.flows.devices import SessionDetailView, SessionListView
from accounts.flows.export import ExportView
from accounts.flows.history import HistoryView
from accounts.flows.invitation import AcceptInvitationView, InvitationView, SetPasswordForm
from accounts.flows.login import LoginView
from accounts.flows.logout import LogoutAllView, LogoutView
from accounts.flows.mfa_enrolment import ActivationView, SetupView
from accounts.flows.mfa_management import AuthenticatorListView, DeactivationView
from accounts.flows.mfa_recovery_codes import RecoveryCodesView
from accounts.flows.mfa_trusted_devices import TrustedDeviceListView, TrustedDeviceView
from accounts.flows.mfa_verification import VerifyRecoveryView, VerifyView
from accounts.flows.password_change import PasswordChangeView, PasswordSetView
from accounts.flows.password_reset import (
    PasswordResetComplete,
    PasswordResetForm,
    PasswordResetLink,
    PasswordResetView,
    SetNewPasswordView,
)
from accounts.flows.profile import ProfileView
from accounts.flows.refresh import RefreshView
from accounts.flows.registration import RegistrationView
from accounts.flows.resending import ResendingView
from accounts.flows.verification import SentPage, VerificationView, VerifiedPage

sign_in = [
    path("login/", LoginView.as_view(), name="rest_login"),
    path("refresh/", RefreshView.as_view(), name="token_refresh"),
    path("logout/", LogoutView.as_view(), name="rest_logout"),
    path("logout-all/", LogoutAllView.as_view(), name="rest_logout_all"),
]

account = [
    path("user/", ProfileView.as_view(), name="rest_user_details"),
    path("user/export/", ExportView.as_view(), name="user_export"),
    path("user/close/", ClosingView.as_view(), name="user_close"),
    path("user/reopen/<str:token>/", ReopeningView.as_view(), name="user_reopen"),
    path("user/history/", HistoryView.as_view(), name="user_history"),
    path("sessions/", SessionListView.as_view(), name="session_list"),
    path("sessions/<uuid:session_id>/", SessionDetailView.as_view(), name="session_detail"),
]

password = [
    path("password/change/", PasswordChangeView.as_view(), name="rest_password_change"),
    path("password/set/", PasswordSetView.as_view(), name="rest_password_set"),
    path("password/reset/", PasswordResetView.as_view(), name="rest_password_reset"),
    path(
        "password/reset/confirm/<str:uidb64>/<str:token>/",
        PasswordResetLink.as_view(),
        name="password_reset_confirm",
    ),
    path("password/reset/default/", PasswordResetForm.as_view(), name="default_password_reset"),
    path(
        "password/reset/set-new/",
        SetNewPasswordView.as_view(),
        name="rest_password_reset_set_new",
    ),
    path(
        "password/reset/complete/",
        PasswordResetComplete.as_view(),
        name="jwt_allauth_password_reset_complete",
    ),
]

registration = [
    path("registration/", RegistrationView.as_view(), name="rest_register"),
    path("registration/resend/", ResendingView.as_view(), name="rest_resend_verification"),
    path("registration/user-register/", InvitationView.as_view(), name="rest_user_register"),
    path(
        "registration/verification/<str:key>/",
        VerificationView.as_view(),
        name="account_confirm_email",
    ),
    path("registration/set-password/", AcceptInvitationView.as_view(), name="rest_set_password"),
    path(
        "registration/set-password/default/",
        SetPasswordForm.as_view(),
        name="jwt_allauth_default_set_password",
    ),
    path(
        "registration/account_email_verification_sent/",
        SentPage.as_view(),
        name="account_email_verification_sent",
    ),
    path("registration/verified/", VerifiedPage.as_view(), name="jwt_allauth_email_verified"),
]

mfa = [
    path("mfa/setup/", SetupView.as_view(), name="jwt_allauth_mfa_setup"),
    path("mfa/activate/", ActivationView.as_view(), name="jwt_allauth_mfa_activate"),
    path("mfa/verify/", VerifyView.as_view(), name="jwt_allauth_mfa_verify"),
    path(
        "mfa/verify-recovery/",
        VerifyRecoveryView.as_view(),
        name="jwt_allauth_mfa_verify_recovery",
    ),
    path("mfa/deactivate/", DeactivationView.as_view(), name="jwt_allauth_mfa_deactivate"),
    path(
        "mfa/authenticators/",
        AuthenticatorListView.as_view(),
        name="jwt_allauth_mfa_authenticators",
    ),
    path("mfa/recovery-codes/", RecoveryCodesView.as_view(), name="mfa_recovery_codes"),
    path("mfa/trusted-devices/", TrustedDeviceListView.as_view(), name="mfa_trusted_devices"),
    path(
        "mfa/trusted-devices/<uuid:device_id>/",
        TrustedDeviceView.as_view(),
        name="mfa_trusted_device",
    ),
]

urlpatterns = [*sign_in, *account, *password, *registration, *mfa]
