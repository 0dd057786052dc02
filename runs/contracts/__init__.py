"""The published values of runs."""
