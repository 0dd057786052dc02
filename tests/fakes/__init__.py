"""Servers for tests that speak the real wire over a real socket."""
