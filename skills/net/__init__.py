"""The one way out: guarded HTTP. `networks` says what is off limits, `guard` dials, `client` speaks."""
