"""Template tags of the console's frame."""
