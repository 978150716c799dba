"""A provider of OpenID Connect for development and tests. It accepts any address as it is."""
