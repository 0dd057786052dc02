"""The Django app `sign_in`: what the login throttle remembers. Below `agents`, with migrations of its own."""

from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "agents.sign_in"
    label = "sign_in"
