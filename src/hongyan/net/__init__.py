"""Endpoints, TLS and the drivers that run flows."""
