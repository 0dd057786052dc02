"""`query`: named questions about runs, and their answers."""
