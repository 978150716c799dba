"""Services: what the flows use. A service knows no request, no response and no flow."""
