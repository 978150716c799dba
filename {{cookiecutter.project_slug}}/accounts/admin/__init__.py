"""Django admin: users, sessions and the sign-in. ``accounts.apps`` imports the modules."""
