"""The benchmark harness: the real system beside what its database can do, measured in the same run."""
