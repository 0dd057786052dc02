"""Recoveries that need journals to be decided: what a policy would have done, its approval, and the nightly job."""
