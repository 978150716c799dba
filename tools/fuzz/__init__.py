"""Tests the running project against its OpenAPI schema (``make fuzz``)."""
