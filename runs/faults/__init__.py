"""Faults injected on purpose: what each one does, and what a plan makes of them in the script world. Pure."""
