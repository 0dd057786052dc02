"""A small OpenID Connect issuer for development and tests, on `allauth.idp.oidc`: its own settings, its own process, its own database.

It knows the people and clients of a JSON file, with their passwords in the clear. Never for production.
"""
