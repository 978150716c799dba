"""The flows: one module each, told from the top. A flow knows the parts and no other flow."""
