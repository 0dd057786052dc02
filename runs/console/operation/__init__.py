"""Console pages of how AOS does its work: workers, the queue, invariants, what is broken."""
