"""Console pages of failures: as groups, in doubt, as dead letters, drifting; and of recoveries."""
