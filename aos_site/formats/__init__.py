"""How values are written in each language Django itself formats them in."""
