"""Numbers about failures over a time."""
