"""Tests of AOS; `make test` runs all of them, on SQLite and on PostgreSQL."""
