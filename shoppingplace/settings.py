"""Every setting, from the environment; nonsense raises at start.

Values come from the process environment first, then from the file that
``ENV_FILE`` names (``.env`` beside ``manage.py`` when unset). ``.env.example``
lists each with what it means.
"""

import re
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from shoppingplace import address, logs, openapi, timetable

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(env.path("ENV_FILE", default=str(BASE_DIR / ".env")))


def _bool(name: str) -> bool:
    """Off unless it says True; a misspelt one must not pass for off."""
    text = env.str(name, default="") or "False"
    if text not in {"True", "False"}:
        raise ImproperlyConfigured(f"{name} must be True or False, not {text!r}")
    return text == "True"


# What this site is

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = _bool("DEBUG")
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="http://localhost:8000").rstrip("/")
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

PUBLIC_ORIGIN, _host, URL_PREFIX, _https = address.parse(PUBLIC_BASE_URL)

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_host])
ROOT_URLCONF = "shoppingplace.urls"
WSGI_APPLICATION = "shoppingplace.wsgi.application"
SITE_NAME = "ShoppingPlace"

# Apps and middleware

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "knox",
    "rest_framework",
    "listings",
    "proxying",
    "proxying.switchboard",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Form fields are drawn by templates/django/forms/field.html
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database: PostgreSQL in production, SQLite for a first look

DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/shoppingplace.sqlite3")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Two processes write here. WAL lets readers go on meanwhile, and IMMEDIATE
    # takes the write lock at BEGIN, so nobody fails half-way with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"].setdefault("CONN_HEALTH_CHECKS", True)
    # Seconds, and no driver takes less: a caller does not wait for longer.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 2)
    # A page's statements are short: starting workers for one takes longer than it does.
    DATABASES["default"]["OPTIONS"].setdefault("options", "-c max_parallel_workers_per_gather=0")

# Redis: broker and cache; a folder stands in for it on a first look

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "shoppingplace.cache.ForgivingRedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR_DIR / "cache",
    }
}

# Celery: a task is a nudge; the row is the promise and the sweep heals

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://") or "filesystem://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"visibility_timeout": 300, "socket_connect_timeout": 2, "socket_timeout": 5}
    if REDIS_URL
    else {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker-control"),
    }
)
if not REDIS_URL:
    # Neither the web server nor a worker started by hand makes it, and both need it.
    (VAR_DIR / "broker").mkdir(parents=True, exist_ok=True)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 180
CELERY_TASK_SOFT_TIME_LIMIT = 150
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}

# Twilio. The auth tokens only prove callbacks (and sign in where no API key is set).

TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKENS = env.list("TWILIO_AUTH_TOKEN", default=[])
TWILIO_API_KEY_SID = env.str("TWILIO_API_KEY_SID", default="")
TWILIO_API_KEY_SECRET = env.str("TWILIO_API_KEY_SECRET", default="")
TWILIO_VERIFY_SERVICE_SID = env.str("TWILIO_VERIFY_SERVICE_SID", default="")
TWILIO_BASE_URL = env.str("TWILIO_BASE_URL", default="https://{product}.twilio.com")
TWILIO_PRODUCT_BASE_URLS = {
    product: url
    for product in ("proxy", "api", "verify", "lookups")
    if (url := env.str(f"TWILIO_{product.upper()}_BASE_URL", default=""))
}
TWILIO_TIMEOUT = env.float("TWILIO_TIMEOUT", default=10.0)

# Sellers' numbers

PHONE_NUMBER_KEYS = env.list("PHONE_NUMBER_KEYS", default=[])
PHONE_NUMBER_INDEX_KEY = env.str("PHONE_NUMBER_INDEX_KEY", default="")
SELLER_COUNTRIES = env.list("SELLER_COUNTRIES", default=["US"])
PROXY_SESSION_TTL = env.int("PROXY_SESSION_TTL", default=3360)
PROXY_SESSION_MODE = env.str("PROXY_SESSION_MODE", default="voice-and-message")
PROXY_POOL_FLOOR = env.int("PROXY_POOL_FLOOR", default=5)
PROXY_POOL_RESERVE = env.int("PROXY_POOL_RESERVE", default=2)
NUMBERS_IN_STOCK = env.int("NUMBERS_IN_STOCK", default=0)
NUMBERS_BOUGHT_A_DAY = env.int("NUMBERS_BOUGHT_A_DAY", default=50)
NUMBER_PRICE_A_MONTH = env.float("NUMBER_PRICE_A_MONTH", default=1.15)
# What the numbers of this site are marked with at Twilio.
NUMBER_MARKER = env.str("NUMBER_MARKER", default="shoppingplace")
if not re.fullmatch(r"[a-z0-9-]{1,24}", NUMBER_MARKER):
    raise ImproperlyConfigured("NUMBER_MARKER must be 1 to 24 of a-z, 0-9 and -")
NUMBER_QUARANTINE_DAYS = env.int("NUMBER_QUARANTINE_DAYS", default=90)
NUMBER_QUIET_DAYS = env.int("NUMBER_QUIET_DAYS", default=30)
NUMBER_MOVE_EVERY_DAYS = env.int("NUMBER_MOVE_EVERY_DAYS", default=30)
NUMBER_MOVED_DAYS = env.int("NUMBER_MOVED_DAYS", default=365)
KNOWN_BUYER_DAYS = env.int("KNOWN_BUYER_DAYS", default=180)

# Calls and texts that begin a conversation, by who is told apart by blind index. Whoever is
# over a limit hears what everybody hears who is turned away.
CONTACTS_OF_A_PAIR_AN_HOUR = env.int("CONTACTS_OF_A_PAIR_AN_HOUR", default=10)
CONTACTS_OF_A_CALLER_AN_HOUR = env.int("CONTACTS_OF_A_CALLER_AN_HOUR", default=60)
CONTACTS_OF_A_NUMBER_AN_HOUR = env.int("CONTACTS_OF_A_NUMBER_AN_HOUR", default=60)
# Who rings more sellers than that is not connected for a day.
NUMBERS_OF_A_CALLER_IN_TEN_MINUTES = env.int("NUMBERS_OF_A_CALLER_IN_TEN_MINUTES", default=8)
# Calls and texts of two who are connected: people are slower than machines that answer.
INTERACTIONS_IN_HALF_A_MINUTE = env.int("INTERACTIONS_IN_HALF_A_MINUTE", default=10)

# Codes to sellers' phones: each costs money, and a stranger's nerves

CODES_TO_A_PHONE_AN_HOUR = env.int("CODES_TO_A_PHONE_AN_HOUR", default=5)
CODES_OF_AN_ACCOUNT_AN_HOUR = env.int("CODES_OF_AN_ACCOUNT_AN_HOUR", default=5)
CODES_OF_AN_ADDRESS_AN_HOUR = env.int("CODES_OF_AN_ADDRESS_AN_HOUR", default=20)
CODES_A_DAY = env.int("CODES_A_DAY", default=1000)
# https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence
SELLER_LINE_TYPES = env.list(
    "SELLER_LINE_TYPES", default=["mobile", "fixedVoip", "nonFixedVoip", "personal", "unknown"]
)

# Listings

LISTING_DAYS = env.int("LISTING_DAYS", default=60)
RESERVED_DAYS = env.int("RESERVED_DAYS", default=3)

# The switchboard: a Proxy of our own, and a virtual carrier with phones in the browser

SWITCHBOARD = _bool("SWITCHBOARD")
SWITCHBOARD_VIRTUAL_CARRIER = _bool("SWITCHBOARD_VIRTUAL_CARRIER")

CELERY_BEAT_SCHEDULE = timetable.every(with_switchboard=SWITCHBOARD)

# Accounts

AUTHENTICATION_BACKENDS = ["listings.account.backends.SellerTooBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_EMAIL_VERIFICATION = "optional"
# One address each; a new one takes the old one's place once it is confirmed.
ACCOUNT_CHANGE_EMAIL = True
# Nobody who finds a browser open shall take the account over by its address.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_ADAPTER = "listings.account.adapter.AccountAdapter"
# A known address signs up like an unknown one, to an account that is never confirmed.
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_SIGNUP_REDIRECT_URL = "seller_phone"
# allauth keeps its own limits beside these, in the cache.
ACCOUNT_RATE_LIMITS = {
    "report_listing": "10/h/key,10/h/ip",
}
# Limits by address need the visitor's own, not that of a load balancer before us.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {"add_webauthn": "listings.account.forms.AddPasskeyForm"}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
# Browsers offer passkeys over https, and on http://localhost for development.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _https
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "listing_list"
LOGOUT_REDIRECT_URL = "listing_list"

# Mail

MAILERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": env.str("EMAIL_HOST", default="localhost"),
            "port": env.int("EMAIL_PORT", default=587),
            "username": env.str("EMAIL_HOST_USER", default=""),
            "password": env.str("EMAIL_HOST_PASSWORD", default=""),
            "use_tls": True,
            # A server that hangs must not hold a worker until its task is killed.
            "timeout": 20,
        },
    }
    if env.str("EMAIL_HOST", default="")
    else {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": str(VAR_DIR / "mail")},
    }
}
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default="ShoppingPlace <post@shoppingplace.example>"
)

# Language and time

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("TIME_ZONE", default="America/Los_Angeles")
USE_I18N = True
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "shoppingplace" / "locale"]
USE_TZ = True

# Static files and pictures

STATIC_URL = f"/{URL_PREFIX}static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = f"/{URL_PREFIX}media/"
MEDIA_ROOT = VAR_DIR / "media"
SERVE_MEDIA = _bool("SERVE_MEDIA")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Security

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = _https
# Twilio posts callbacks to the exact https address; a redirect would turn the POST into a GET.
SECURE_REDIRECT_EXEMPT = [f"^{URL_PREFIX}(?:proxy/callbacks/|livez$|readyz$)"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
# Forms work whatever Host a proxy passes on.
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]
# Beside a prefix other sites may stand, and a "__Host-" cookie goes to all of a host.
_cookie_prefix = ("__Secure-" if URL_PREFIX else "__Host-") if _https else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}sessionid"
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrftoken"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"/{URL_PREFIX}"

# REST framework. Both APIs, ours and the switchboard's, set what they need on their own views.

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    # Limits by address need the visitor's own, and no header that a visitor may write.
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
    "DEFAULT_THROTTLE_RATES": {
        "api-anonymous": "120/min",
        "api-person": "300/min",
        "api-write": "40/min",
    },
}
# A token works until it is revoked.
REST_KNOX: dict[str, Any] = {"TOKEN_TTL": None}
SPECTACULAR_SETTINGS = openapi.document(SITE_NAME, URL_PREFIX)

# Logs: one line an event, numbers redacted whoever wrote the event

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="json")
if LOG_FORMAT not in {"json", "console"}:
    raise ImproperlyConfigured("LOG_FORMAT must be json or console")
LOGGING_CONFIG = None  # ours, from here on: what goes wrong further down is told alike
logs.configure(LOG_LEVEL, as_json=LOG_FORMAT == "json")
DEFAULT_EXCEPTION_REPORTER = "shoppingplace.reports.Report"
DEFAULT_EXCEPTION_REPORTER_FILTER = "shoppingplace.reports.NoValues"
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# Who is logged in costs a query, which a callback with a forged cookie must not cause.
DJANGO_STRUCTLOG_USER_ID_FIELD = None
