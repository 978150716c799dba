from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """Django admin with the project's sign-in."""

    default_site = "accounts.admin.sign_in.AdminSite"
