"""Settings: one flat file, read from the environment (`.env.example` names every variable and its default).

Beside every secret variable X stands X_FILE, the path of a file that holds it. A value that makes no sense stops
the start with one line that says which.
"""

from __future__ import annotations

import math
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from agents.sign_in.claims import Mapped
from aos_site.sign_in import issuer_url, roles_table
from skills.signing import SHORTEST_KEY

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"


class _Env(environ.FileAwareEnv):
    """Says which variable it is that makes no sense."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} makes no sense: {error}") from error


env = _Env()
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("AOS_DEBUG", default=False)
ENVIRONMENT = env.str("AOS_ENVIRONMENT", default="development")
IS_PRODUCTION = ENVIRONMENT == "production"
IS_TEST = "pytest" in sys.modules
IS_WEB = "aos_site.asgi" in sys.modules and not IS_TEST


def _required_in_production(name: str, development: str) -> str:
    value = str(env.str(name, default="" if IS_PRODUCTION else development))
    if not value:
        raise ImproperlyConfigured(f"{name} (or {name}_FILE) must be set when AOS_ENVIRONMENT is production")
    return value


def signing_keys(keys: list[str], variable: str = "AOS_SIGNING_KEYS") -> list[str]:
    """Return the keys if each is long enough that nobody finds it by trying. What is wrong is told without the key."""
    for place, key in enumerate(keys, start=1):
        if len(key) < SHORTEST_KEY:
            raise ImproperlyConfigured(f"{variable}: key {place} must have at least {SHORTEST_KEY} characters; it has {len(key)}")
    return keys


SECRET_KEY = _required_in_production("AOS_SECRET_KEY", "for development on loopback only, never in production")
API_KEY_PEPPER = _required_in_production("AOS_API_KEY_PEPPER", "for development on loopback only")
# What signs histories and evidence that leave the machine: the first one signs, all of them are believed.
SIGNING_KEYS = signing_keys(env.list("AOS_SIGNING_KEYS", default=[]))
# What seals secrets in the database (agents/sealed.py): the first one seals, all of them open.
ENCRYPTION_KEYS = signing_keys(env.list("AOS_ENCRYPTION_KEYS", default=[]), "AOS_ENCRYPTION_KEYS") or [SECRET_KEY]
# What `manage.py bootstrap` gives the console's first person; without it one is made up and shown once.
ADMIN_PASSWORD = env.str("AOS_ADMIN_PASSWORD", default="")
ALLOWED_HOSTS = env.list("AOS_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
# Where people and programs outside reach this site, without a slash at the end: links in webhooks begin with it.
PUBLIC_URL = env.str("AOS_PUBLIC_URL", default="").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("AOS_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "aos_site.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    "servestatic",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "skills.apps.SkillsConfig",
    "agents.apps.AgentsConfig",
    "agents.sign_in.apps.SignInConfig",
    "catalog.apps.CatalogConfig",
    "runs.apps.RunsConfig",
    "aos_site.apps.SiteConfig",
]

MIDDLEWARE = [
    "aos_site.http.RequestContextMiddleware",
    "aos_site.http.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "aos_site.http.serving.static_files",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "aos_site.http.middleware.TenantWallMiddleware",
    "aos_site.http.middleware.BrokenGlassMiddleware",
    "aos_site.http.live.LiveCellsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "aos_site.urls"
ASGI_APPLICATION = "aos_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "runs.console.operation.heartbeat.silence",
                "agents.console.break_glass_page.glass",
            ]
        },
    }
]

# One database, PostgreSQL or SQLite, from the same code. SQLite needs IMMEDIATE: with deferred transactions a read
# that turns into a write fails at once with "database is locked", whatever the timeout.
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{quote(str(VAR_DIR / 'aos.sqlite3'))}")}
_database = DATABASES["default"]
# The web process answers on threads that stay (aos_site/http/serving.py), each of which keeps its connection so long.
_database["CONN_MAX_AGE"] = 60 if IS_WEB else 0
_database["CONN_HEALTH_CHECKS"] = True
if _database["ENGINE"].endswith("sqlite3"):
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # A file, not :memory:, because worker processes and threads have connections of their own.
    _database["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    VAR_DIR.mkdir(exist_ok=True)
else:
    # A server that goes away without a word is noticed in half a minute, not after the system's two hours.
    _alive = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
    _database["OPTIONS"] = _alive | _database.get("OPTIONS", {})
    # For the hot statements alone (runs/shell/statements.py): what goes through Django's own cursor is never prepared.
    _prepared = env.bool("AOS_PREPARED_STATEMENTS", default=True)
    _database.setdefault("OPTIONS", {})["prepare_threshold"] = 5 if _prepared else None

# Whether requests tell PostgreSQL whose rows they may see: where the web process does not own the tables (docs/reference/tenancy.md).
ROW_SECURITY = env.bool("AOS_ROW_SECURITY", default=False)

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
# Sign-in by an OpenID Connect issuer (docs/how-to/sign-in.md): of people to the console, of bearers of its tokens to the API.
AUTH_SERVICE_URL = issuer_url(env.str("AUTH_SERVICE_URL", default=""))
OIDC_NAME = env.str("AOS_OIDC_NAME", default="single sign-on")
OIDC_CLIENT_ID = env.str("AOS_OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("AOS_OIDC_CLIENT_SECRET", default="")
OIDC_MAPPED = Mapped(
    roles_table(env.str("AOS_OIDC_ROLES", default="")),
    groups_claim=env.str("AOS_OIDC_GROUPS_CLAIM", default="groups"),
    roles_claim=env.str("AOS_OIDC_ROLES_CLAIM", default=""),
)
JWT_AUDIENCE = env.str("AOS_JWT_AUDIENCE", default="")
ACCOUNT_ADAPTER = "agents.sign_in.oidc.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_ADAPTER = "agents.sign_in.oidc.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
LANGUAGE_CODE = "en"
# Instants in lists and forms of rows read as they do on all other pages.
FORMAT_MODULE_PATH = ["aos_site.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("AOS_STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
SERVESTATIC_USE_FINDERS = not IS_PRODUCTION
SERVESTATIC_AUTOREFRESH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# What an index carries beside its keys is left out by SQLite, which reads the rows instead.
SILENCED_SYSTEM_CHECKS = ["models.W040"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PRODUCTION
SECURE_SSL_REDIRECT = env.bool("AOS_SSL_REDIRECT", default=IS_PRODUCTION)
# Machines ask them from within, past the proxy that speaks TLS.
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("AOS_BEHIND_PROXY", default=False) else None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["agents.tenancy.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["agents.tenancy.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["agents.throttling.TenantRate"],
    "DEFAULT_PARSER_CLASSES": ["aos_site.http.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["aos_site.http.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "aos_site.http.JSONOnly",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "aos_site.http.problem_for",
    "DEFAULT_METADATA_CLASS": None,
    "UNAUTHENTICATED_USER": None,
}
RELEASE = "0.2.0"
"""The version of AOS: runs say which one accepted them, and the metrics which one serves them."""
SPECTACULAR_SETTINGS = {
    "TITLE": "AOS",
    "DESCRIPTION": "Agents whose every step is budgeted before, recorded while, explained when it fails, provable afterwards.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["aos_site.openapi.add_problems", "aos_site.openapi_examples.add_examples"],
}

# `manage.py serve` (docs/how-to/deploy.md).
WEB_HOST = env.str("AOS_WEB_HOST", default="127.0.0.1")
WEB_PORT = env.int("AOS_WEB_PORT", default=8000)
WEB_PROCESSES = env.int("AOS_WEB_PROCESSES", default=2 if IS_PRODUCTION else 1)
WEB_BACKLOG = env.int("AOS_WEB_BACKLOG", default=1_024)
WEB_GRACE_SECONDS = env.int("AOS_WEB_GRACE_SECONDS", default=30)
WEB_IDLE_SECONDS = env.int("AOS_WEB_IDLE_SECONDS", default=75)
ACCESS_LOG = env.bool("AOS_ACCESS_LOG", default=False)

# The queue is only a bell (docs/explanation in README of runs/shell): what is due is asked of the run table.
# Under one name the processes of one machine: what a dead one of them held is released without waiting for its lease.
HOST_NAME = env.str("AOS_HOST_NAME", default=socket.gethostname())
# Where workers listen for rings, should DATABASE_URL go through a pooler that keeps them.
LISTEN_DATABASE = env.db_url("AOS_LISTEN_URL") if env.str("AOS_LISTEN_URL", default="") else {}
WORKERS = env.int("AOS_WORKERS", default=2)
WORK_GRACE_SECONDS = env.int("AOS_WORK_GRACE_SECONDS", default=10)
WORK_CAPACITY = env.int("AOS_WORK_CAPACITY", default=200)
WORK_MEMORY_MB = env.int("AOS_WORK_MEMORY_MB", default=1_024)
LEASE_MS = env.int("AOS_LEASE_MS", default=30_000)
DRAIN_SECONDS = env.int("AOS_DRAIN_SECONDS", default=60)
MAX_CRASHES = env.int("AOS_MAX_CRASHES", default=3)
MAX_QUEUED_RUNS = env.int("AOS_MAX_QUEUED_RUNS", default=100_000)
BULK_MOST_RUNS = env.int("AOS_BULK_MOST_RUNS", default=1_000)
# How often a tenant may ask the API, with all its keys together; 0 is as often as it likes. A tenant may have a rate of its own.
REQUESTS_PER_MINUTE = env.int("AOS_REQUESTS_PER_MINUTE", default=12_000) or None
# A host that fails so often in a row is not called for so long (docs/explanation/circuits.md).
CIRCUIT_FAILURES = env.int("AOS_CIRCUIT_FAILURES", default=5)
CIRCUIT_SECONDS = env.int("AOS_CIRCUIT_SECONDS", default=60)
# Schedules and deliveries may go through Redis; runs never do.
BROKER_URL = env.str("AOS_BROKER_URL", default="")
Q_CLUSTER = {
    "name": "aos",
    "label": "Task queue",
    "workers": WORKERS,
    "bulk": 1,
    "queue_limit": WORKERS,
    "timeout": DRAIN_SECONDS * 2 + 3_600,
    "retry": DRAIN_SECONDS * 2 + 3_660,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    # A process that holds more claims nothing, and is replaced when it has come to rest (in KB).
    "max_rss": WORK_MEMORY_MB * 1_024,
    "catch_up": False,
    "broker_class": "runs.shell.processes.doorbell_redis.RedisBroker" if BROKER_URL else "runs.shell.processes.doorbell.DatabaseBroker",
    "redis": BROKER_URL,
    "guard_cycle": 1,
    "orm": "default",
    "poll": 0.2,
}


def retention_days(texts: dict[str, str]) -> dict[str, int | None]:
    """Return the days of each class of stored things, None for ever. What is told last of a run is kept at least as long
    as what is told first."""
    days: dict[str, int | None] = {}
    for name, text in texts.items():
        variable = f"AOS_RETENTION_{name.upper()}_DAYS"
        if text and (not text.isdecimal() or int(text) < 1):
            raise ImproperlyConfigured(f"{variable} must be a number of days, at least 1, or empty to keep for ever; it is '{text}'")
        days[name] = int(text) if text else None
    for shorter, longer in (("payload", "event"), ("event", "effect"), ("effect", "run")):
        if (days[longer] or math.inf) < (days[shorter] or math.inf):
            raise ImproperlyConfigured(f"AOS_RETENTION_{longer.upper()}_DAYS must not be less than AOS_RETENTION_{shorter.upper()}_DAYS")
    return days


# How long what is over is kept (docs/reference/retention.md).
RETENTION_DAYS = retention_days(
    {
        "payload": env.str("AOS_RETENTION_PAYLOAD_DAYS", default="90"),
        "event": env.str("AOS_RETENTION_EVENT_DAYS", default="365"),
        "effect": env.str("AOS_RETENTION_EFFECT_DAYS", default="1095"),
        "run": env.str("AOS_RETENTION_RUN_DAYS", default=""),
        "operational": env.str("AOS_RETENTION_OPERATIONAL_DAYS", default="7"),
    }
)


def part_of_one(variable: str, text: str) -> float | None:
    """Return a number between 0 and 1, None where the variable is empty."""
    try:
        number = float(text) if text else None
    except ValueError:
        number = math.nan
    if number is not None and not 0 <= number <= 1:
        raise ImproperlyConfigured(f"{variable} must be a number from 0 to 1, or empty; it is '{text}'")
    return number


# Recoveries that learn (docs/explanation/recovery.md): whether a second person must approve, and from which measured
# confidence on a recovery that can do no harm is applied unasked.
RECOVERY_FOUR_EYES = env.bool("AOS_RECOVERY_FOUR_EYES", default=True)
RECOVERY_AUTO_APPLY_BAR = part_of_one("AOS_RECOVERY_AUTO_APPLY_BAR", env.str("AOS_RECOVERY_AUTO_APPLY_BAR", default=""))

# What part of the runs that end should succeed: the overview says whether that of the last day does.
SUCCESS_OBJECTIVE = part_of_one("AOS_SUCCESS_OBJECTIVE", env.str("AOS_SUCCESS_OBJECTIVE", default="0.95"))

# Local targets skills may call although the guard blocks local networks: "host:port" pairs, named one by one.
ALLOW_LOCAL_TARGETS = frozenset(env.list("AOS_ALLOW_LOCAL_TARGETS", default=[]))
WITH_PLUGINS = env.bool("AOS_PLUGINS", default=not IS_TEST)
# Modules whose skills are loaded like the built-in ones: skills of this installation that are no package of their own.
SKILL_MODULES = env.list("AOS_SKILL_MODULES", default=[])
# A JSON file {tenant slug: {NAME: value}} of the secrets skills may refer to as ${secrets.NAME}.
SECRETS_FILE = env.str("AOS_SECRETS_FILE", default="")
PRICE_URL = env.str("AOS_PRICE_URL", default="https://api.coinbase.com/v2/prices/BTC-USD/spot")
LLM_PROVIDERS = {
    "anthropic": {
        "base_url": env.str("ANTHROPIC_BASE_URL", default="https://api.anthropic.com"),
        "api_key": env.str("ANTHROPIC_API_KEY", default=""),
    },
    "openai_compatible": {
        "base_url": env.str("OPENAI_BASE_URL", default=""),
        "api_key": env.str("OPENAI_API_KEY", default=""),
    },
}
METRICS_TOKEN = env.str("AOS_METRICS_TOKEN", default="")


def otlp_endpoint(text: str) -> str:
    """Return the base address of a collector, empty where there is none."""
    if text and (not text.startswith(("http://", "https://")) or not text.isascii() or " " in text):
        raise ImproperlyConfigured(f"OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL, or empty; it is '{text}'")
    return text


def otlp_headers(text: str) -> dict[str, str]:
    """Return the headers a collector wants, written as `name=value,name=value` with values escaped as in URLs."""
    headers: dict[str, str] = {}
    for pair in filter(str.strip, text.split(",")):
        name, mark, value = pair.partition("=")
        headers[name.strip()] = said = unquote(value.strip())
        if not mark or not name.strip() or not (name + said).isascii() or not (name + said).isprintable():
            # Not the text itself: what stands here is mostly a key.
            raise ImproperlyConfigured("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs with commas between")
    return headers


# Where the traces of ended runs are sent (docs/reference/trace.md); the names are OpenTelemetry's own.
OTEL_EXPORTER_OTLP_ENDPOINT = otlp_endpoint(env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""))
OTEL_EXPORTER_OTLP_HEADERS = otlp_headers(env.str("OTEL_EXPORTER_OTLP_HEADERS", default=""))
OTEL_SERVICE_NAME = env.str("OTEL_SERVICE_NAME", default="aos")
OTEL_CAPTURES_CONTENT = env.bool("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", default=False)

LOG_LEVEL = env.str("AOS_LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "aos_site.logs.configure"
LOGGING = {"level": LOG_LEVEL, "json": env.bool("AOS_LOG_JSON", default=IS_PRODUCTION)}

UNFOLD = {
    "SITE_TITLE": "AOS",
    "SITE_HEADER": "AOS",
    "SITE_SUBHEADER": "Operator console",
    "SITE_SYMBOL": "hub",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "aos_site.console.favicon"}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": ["aos_site.console.stylesheet"],
    "SCRIPTS": [f"aos_site.console.{name}_script" for name in ("live", "keys", "copy", "palette", "tables")],
    "ENVIRONMENT": "aos_site.console.environment_label",
    "DASHBOARD_CALLBACK": "aos_site.console.dashboard",
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": "aos_site.console.navigation"},
}
