"""Recoveries that are learned: suggested from evidence, decided by people, measured."""
