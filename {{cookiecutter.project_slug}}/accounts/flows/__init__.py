"""One module per flow, to be read from the top. A flow uses services and no other flow."""
