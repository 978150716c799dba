"""A provider of OpenID Connect for development and tests. It signs in anybody as anybody."""
