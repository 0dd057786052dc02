"""The list of runs, and what is done with many of them."""
