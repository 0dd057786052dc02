"""What a plan would cost and take, and what would stop it, before anything is done; and runs that are held to it."""

from runs.simulation.asking import simulate
from runs.simulation.keeping import agent_of
from runs.simulation.simulating import simulate_plan
from runs.simulation.terms import terms_for

__all__ = ["agent_of", "simulate", "simulate_plan", "terms_for"]
