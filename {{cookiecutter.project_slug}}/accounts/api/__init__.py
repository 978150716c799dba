"""What the endpoints share: authentication, permissions, fields, requests and responses."""
