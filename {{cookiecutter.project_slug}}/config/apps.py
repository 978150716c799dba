from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """Django admin with a sign-in of ours."""

    default_site = "accounts.admin.sign_in.AdminSite"
