"""The URLs of passkeys, below ``/api/auth/``."""

from django.urls import path

from passkeys.flows.enrolment import EnrolmentOptionsView, PasskeyListView
from passkeys.flows.login import LoginOptionsView, LoginView
from passkeys.flows.management import PasskeyView
from passkeys.flows.recovery_codes import PasskeyRecoveryCodesView, RecoveryCodesOptionsView
from passkeys.flows.step_up import StepUpOptionsView, StepUpView
from passkeys.flows.verification import VerificationOptionsView, VerificationView

urlpatterns = [
    path(
        "mfa/recovery-codes/passkey/options/",
        RecoveryCodesOptionsView.as_view(),
        name="passkey_recovery_codes_options",
    ),
    path(
        "mfa/recovery-codes/passkey/",
        PasskeyRecoveryCodesView.as_view(),
        name="passkey_recovery_codes",
    ),
    path("passkeys/", PasskeyListView.as_view(), name="passkeys"),
    path("passkeys/options/", EnrolmentOptionsView.as_view(), name="passkey_options"),
    path("passkeys/step-up/options/", StepUpOptionsView.as_view(), name="passkey_step_up_options"),
    path("passkeys/step-up/", StepUpView.as_view(), name="passkey_step_up"),
    path("passkeys/<int:passkey_id>/", PasskeyView.as_view(), name="passkey"),
    path("passkeys/login/options/", LoginOptionsView.as_view(), name="passkey_login_options"),
    path("passkeys/login/", LoginView.as_view(), name="passkey_login"),
    path(
        "mfa/verify-passkey/options/",
        VerificationOptionsView.as_view(),
        name="mfa_verify_passkey_options",
    ),
    path("mfa/verify-passkey/", VerificationView.as_view(), name="mfa_verify_passkey"),
]
