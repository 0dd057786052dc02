"""Telling others: endpoints, the way from the outbox to their doors, and the signed answers that come back."""
