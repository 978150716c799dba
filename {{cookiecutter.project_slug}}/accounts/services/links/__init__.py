"""Signed links in e-mails, and the cookies that replace them."""
