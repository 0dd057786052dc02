"""Console pages of agents and of skills."""
