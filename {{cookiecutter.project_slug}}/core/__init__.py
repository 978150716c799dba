"""What every app may use and none of it knows of: errors, the client's address, health, checks."""
