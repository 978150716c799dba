"""The outbox: mail is a row first, and sent by a worker. Knows nothing of who people are."""
