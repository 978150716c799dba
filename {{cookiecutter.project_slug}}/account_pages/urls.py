"""The URLs of the pages, all below ``/account/``."""

from django.urls import URLPattern, include, path

from account_pages.views import AccountPage, SignUpPage, StartPage


def page(address: str, name: str, view: type[AccountPage] = AccountPage) -> URLPattern:
    template = f"account_pages/{name}.html"
    return path(address, view.as_view(template=template), name=f"account_{name}")


signed_out = [
    page("sign-in/", "sign_in"),
    page("sign-up/", "sign_up", SignUpPage),
    page("forgotten-password/", "forgotten_password"),
]

signed_in = [
    page("", "overview"),
    page("profile/", "profile"),
    page("security/", "security"),
    page("devices/", "devices"),
    page("history/", "history"),
    page("data/", "data"),
]

urlpatterns = [
    path("", StartPage.as_view(), name="account_start"),
    path("account/", include([*signed_out, *signed_in])),
]
