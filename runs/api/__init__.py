"""REST routes of runs, a module for each thing they are about: translate in, one call, translate out."""
