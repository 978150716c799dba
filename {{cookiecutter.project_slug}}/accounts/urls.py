"""Every path below ``/api/auth/`` with its name."""

from django.urls import path

from accounts.flows.devices import SessionDetailView, SessionListView
from accounts.flows.login import LoginView
from accounts.flows.logout import LogoutAllView, LogoutView
from accounts.flows.password_change import PasswordChangeView
from accounts.flows.profile import ProfileView
from accounts.flows.refresh import RefreshView

urlpatterns = [
    path("login/", LoginView.as_view(), name="rest_login"),
    path("refresh/", RefreshView.as_view(), name="token_refresh"),
    path("logout/", LogoutView.as_view(), name="rest_logout"),
    path("logout-all/", LogoutAllView.as_view(), name="rest_logout_all"),
    path("sessions/", SessionListView.as_view(), name="session_list"),
    path("sessions/<uuid:session_id>/", SessionDetailView.as_view(), name="session_detail"),
    path("password/change/", PasswordChangeView.as_view(), name="rest_password_change"),
    path("user/", ProfileView.as_view(), name="rest_user_details"),
]
