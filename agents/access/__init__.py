"""People and programs of a tenant: who may do what, and what they are let do for a time."""
