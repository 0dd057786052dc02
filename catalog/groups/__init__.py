"""Failures as groups, like issues: found, told apart, said something about."""
