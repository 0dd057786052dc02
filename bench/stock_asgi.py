"""The bare view as Django itself serves it: what a project has that does nothing about its serving."""

from __future__ import annotations

from django.core.asgi import get_asgi_application

application = get_asgi_application()
