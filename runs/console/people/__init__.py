"""Console pages where people decide: approvals, edits, grants, links, questions."""
