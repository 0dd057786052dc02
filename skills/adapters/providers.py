"""Which providers there are: name → where it answers by default, and the adapter that speaks to it."""

from __future__ import annotations

import asyncio
from importlib import import_module

from skills.adapters.llm import Endpoint, LanguageModel
from skills.base import SkillFailure
from skills.contracts import FailureDetails

DEFAULT_BASE_URLS: dict[str, str] = {"anthropic": "https://api.anthropic.com", "openai_compatible": "https://api.openai.com/v1"}
DEFAULT_MODELS: dict[str, str] = {"anthropic": "claude-haiku-5-5", "openai_compatible": "gpt-6-luna"}

_ADAPTERS = {
    "anthropic": ("skills.adapters.anthropic", "AnthropicModel"),
    "openai_compatible": ("skills.adapters.openai_compatible", "OpenAiCompatibleModel"),
}


def endpoint_of(provider: str, base_url: str | None, api_key: str | None) -> Endpoint:
    """Return the endpoint of a provider. Raises SkillFailure where a key is needed and not there."""
    if not api_key and not (provider == "openai_compatible" and base_url):
        # Ollama and vLLM on one's own host ask for no key; everyone else does.
        raise SkillFailure(
            "PERMISSION_DENIED",
            f"no API key is configured for {provider}",
            details=FailureDetails(provider=provider),
            suggestions=["Configure the provider's API key, or the base URL of a server of your own."],
        )
    return Endpoint(provider, base_url or DEFAULT_BASE_URLS[provider], api_key or "")


async def language_model(endpoint: Endpoint) -> LanguageModel:
    """Return the model behind an endpoint.

    The adapter is imported on first use, in a thread: one of them takes seconds to import, and hundreds of runs share
    this event loop.
    """
    module, name = _ADAPTERS[endpoint.provider]
    # Not a look into sys.modules first: while one run imports, the module stands there half made.
    loaded = await asyncio.to_thread(import_module, module)
    adapter: LanguageModel = getattr(loaded, name)(endpoint)
    return adapter
