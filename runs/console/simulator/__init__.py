"""Console pages that try a plan before it runs."""
