"""Console pages of the catalog beside its first one."""
