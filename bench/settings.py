"""Settings of the measuring process and of the bare site it compares with; the measured processes run with the site's own."""

from __future__ import annotations

from aos_site.settings import *  # noqa: F403 - the same database, skills and limits as what is measured
from aos_site.settings import INSTALLED_APPS as SITE_APPS

INSTALLED_APPS = [*SITE_APPS, "bench"]

# Served as it is, this is the floor of a submit over HTTP: one view, one insert, nothing else.
ROOT_URLCONF = "bench.bare_view"
# allauth, which is among the site's apps, does not start without its own.
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
