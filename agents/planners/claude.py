"""The planner `claude`: a model of Anthropic, by structured output."""

from __future__ import annotations

from agents.planners.language_model import LanguageModelPlanner

CLAUDE = LanguageModelPlanner(name="claude", version="1", provider="anthropic")
