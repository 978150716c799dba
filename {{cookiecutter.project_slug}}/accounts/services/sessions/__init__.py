"""Sessions: their rows, their tokens, and the keys that sign the tokens."""
