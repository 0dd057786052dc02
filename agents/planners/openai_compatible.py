"""The planner `openai_compatible`: a model behind chat completions (OpenAI, Ollama, vLLM)."""

from __future__ import annotations

from agents.planners.language_model import LanguageModelPlanner

OPENAI_COMPATIBLE = LanguageModelPlanner(name="openai_compatible", version="1", provider="openai_compatible")
