"""Console pages of agents: who acts, who is let in, what is frozen, and the base all pages stand on."""
