"""REST routes of agents: translate in, one call, translate out."""
