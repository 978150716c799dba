"""The providers: who somebody is, as another site says. No request, no response."""
