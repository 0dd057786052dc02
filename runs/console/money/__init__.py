"""Console pages of money: what was spent, budgets, a run that waits for some."""
