from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """Django admin with the sign-in of ``accounts``."""

    default_site = "accounts.admin.sign_in.AdminSite"
