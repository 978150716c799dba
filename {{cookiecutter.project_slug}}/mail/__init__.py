"""The outbox: the project stores each e-mail in a row, and a worker sends it."""
