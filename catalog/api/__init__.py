"""REST routes of the catalog: translate in, one call, translate out."""
