"""Django admin: users, sessions and the sign-in.

``accounts.apps`` imports the modules, once the site is there that they register with: the site
itself is a class of ``sign_in``.
"""
