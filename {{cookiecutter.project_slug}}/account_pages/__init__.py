"""The pages of an account, at ``/account/``. They call the API as any front end does."""
