"""Signed links: what the links in e-mails, and the cookies that they leave, let their holder do."""
