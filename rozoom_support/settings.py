"""Settings: one file, every value from the environment, and no start where a needed one is missing or unsafe."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str | None = None) -> str:
    value = os.environ.get(name) or default  # an empty one is a missing one
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. See docs/operations.md, 'Settings'.")
    return value


def env_bool(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def database(url: str) -> dict[str, Any]:
    """postgresql://user:password@host:port/name?host=/socket/folder&sslmode=…"""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql://. No other database is supported.")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(query.pop("port", parts.port or "")),
        "OPTIONS": query,
    }


DEMO = env_bool("DEMO")
SAMPLE_DATA = DEMO and env_bool("SAMPLE_DATA")  # `make demo`; `make run` is the same without it
TESTING = env_bool("ROZOOM_TESTING")
_trial = DEMO or TESTING  # some values have defaults that must never be met in production
DEBUG = False
SECRET_KEY = env("SECRET_KEY")
if len(SECRET_KEY) < 50 and not TESTING:
    raise ImproperlyConfigured("SECRET_KEY must have at least 50 characters. Make one with: openssl rand -base64 48")
# Keys of before: what they signed or encrypted is still read, nothing new is made with them.
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("SECRET_KEY_FALLBACKS", "").split(",") if key]

BASE_URL = env("BASE_URL", "http://localhost:8000" if _trial else None).rstrip("/")
_base = urlsplit(BASE_URL)
if _base.scheme not in {"http", "https"} or not _base.hostname:
    raise ImproperlyConfigured("BASE_URL must be the full address people use, such as https://support.example.com")
SECURE = _base.scheme == "https"
if not SECURE and not (_trial or _base.hostname in {"localhost", "127.0.0.1"}):
    raise ImproperlyConfigured("BASE_URL must use https:// on any host but this machine.")
ALLOWED_HOSTS = [h for h in os.environ.get("ALLOWED_HOSTS", "").split(",") if h] or [_base.hostname]
if _trial:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "rozoom_support.apps.OperatorsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "template_partials",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rozoom_support.lib.ui",
    "tenancy",
    "notifications",
    "sla",
    "contracts",
    "tickets",
    "rma",
    "rozoom_support",
]
MIDDLEWARE = [
    "rozoom_support.lib.http.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenancy.middleware.TenantMiddleware",  # last: everything before it runs as the login role
]
ROOT_URLCONF = "rozoom_support.urls"
WSGI_APPLICATION = "rozoom_support.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": ["template_partials.templatetags.partials", "rozoom_support.lib.ui.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "rozoom_support.page_context.page",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database -----------------------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **database(env("DATABASE_URL")),
        "ENGINE": "tenancy.pgbackend",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # Present only where migrations and tests run: the login that may become the owner (tenancy/pgbackend).
        "OWNER": None,
        "TEST": {"NAME": os.environ.get("TEST_DATABASE_NAME") or None},
    }
}
_default = DATABASES["default"]
# Pages get 5 s for a statement and 2 s for a lock; a frozen client cannot hold rows for ever.
_timeouts = "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=30000"
if os.environ.get("DATABASE_OWNER_URL"):
    _owner = database(os.environ["DATABASE_OWNER_URL"])
    _default["OWNER"] = {
        "USER": _owner["USER"],
        "PASSWORD": _owner["PASSWORD"],
        "OPTIONS": {**_owner["OPTIONS"], "assume_role": "rozoom_owner"},
    }
_default["OPTIONS"] = {**_default["OPTIONS"], "options": os.environ.get("DATABASE_TIMEOUTS", _timeouts)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: it wakes people up, it never keeps anything ------------------------------------------------------------
REDIS_URL = env("REDIS_URL", "redis://127.0.0.1:6379/0" if _trial else None)
_unix = REDIS_URL.removeprefix("redis+socket://").removeprefix("unix://")
_is_socket = REDIS_URL.startswith(("redis+socket://", "unix://"))
CACHES = {
    "default": {
        "BACKEND": "rozoom_support.lib.cache.ForgivingRedisCache",
        "LOCATION": f"unix://{_unix}" if _is_socket else REDIS_URL,
        "KEY_PREFIX": "rozoom",
        "TIMEOUT": 300,
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.3},
    }
}
if TESTING:  # each test process counts rates for itself; the Redis cache has tests of its own
    CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CELERY_BROKER_URL = f"redis+socket://{_unix}" if _is_socket else REDIS_URL

# --- People, sessions, cookies --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenancy.Person"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # addresses are unique in small letters: constraint person_email_taken
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["django.contrib.auth.hashers.ScryptPasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
SESSION_ENGINE = "tenancy.sessions"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "rozoom_session"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "rozoom_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "rozoom_support.views.csrf_failure"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "rozoom_support.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by invitation only, which proves the address
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers' addresses get no mail from us
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second step is told by mail
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _base.scheme
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "roZoom Support"
MFA_ADAPTER = "rozoom_support.accounts.MFAAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # see ACCOUNT_EMAIL_VERIFICATION
# Rate limits count per address of the client: how many proxies of ours stand in front and add to X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = int(env("TRUSTED_PROXIES", "1" if SECURE else "0"))

# --- Security headers -----------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_SSL_REDIRECT = SECURE and not env_bool("TLS_ENDS_AT_PROXY")
if SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],  # the admin's own policy is set in rozoom_support.lib.http (docs/adr)
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}

# --- Pages and files ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", str(BASE_DIR / "var" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
FILES_DIR = Path(env("FILES_DIR", str(BASE_DIR / "var" / "files")))
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": FILES_DIR, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_MAX_AGE = 31_536_000 if not TESTING else 0

# --- Limits: one table; docs/api.md and error texts name these values -----------------------------------------------
LIMITS = {
    "file_bytes": 25 * 1024 * 1024,
    "files_per_message": 10,
    "subject_chars": 200,
    "message_bytes": 64 * 1024,
    "json_bytes": 1024 * 1024,
    "page_size": 50,
    "page_size_max": 100,
    "requests_per_minute": 300,
    "writes_per_minute": 60,
    "searches_per_minute": 10,
    "token_days": 365,
    "reopen_days": 14,
    "idempotency_hours": 24,
    "invitation_days": 7,
    "invitations_per_day": 50,
    "webhook_endpoints": 10,
    "import_bytes": 100 * 1024 * 1024,
    "mail_bytes": 25 * 1024 * 1024,  # and 500 parts, 20 deep: tickets/mail/reading/parts.py
    "mails_per_sender": 10,  # in ten minutes; more are held
    "mails_per_customer": 60,  # in ten minutes; more are held
    "mail_days": 90,  # how long a mail is kept as it came
}
# Where the product is tried out, a webhook may also go to this very machine, without TLS.
WEBHOOKS_TO_THIS_MACHINE = _trial
DATA_UPLOAD_MAX_MEMORY_SIZE = LIMITS["json_bytes"]
DATA_UPLOAD_MAX_NUMBER_FILES = 5 * LIMITS["files_per_message"]  # so that one too many is told by the form
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "contracts.imports.uploads.ImportUploadHandler",  # first: it may refuse a file
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Mail -----------------------------------------------------------------------------------------------------------
_mail = urlsplit(env("EMAIL_URL", "smtp://127.0.0.1:1025" if _trial else None))
EMAIL_BACKEND = "notifications.lines.Backend"
EMAIL_HOST = _mail.hostname or "127.0.0.1"
EMAIL_PORT = _mail.port or 25
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_TLS = "tls=1" in _mail.query
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = MAIL_FROM = env("MAIL_FROM", "roZoom Support <support@rozoom.example>" if _trial else None)
MAIL_CATCHER_URL = os.environ.get("MAIL_CATCHER_URL", "")
SUPPORT_CONTACT = {
    "name": "roZoom Support",
    # Without a number nothing is said about calling.
    "phone": os.environ.get("SUPPORT_PHONE", "+1 555 010 0100" if SAMPLE_DATA or TESTING else ""),
    "email": env("SUPPORT_EMAIL", "support@rozoom.example" if _trial else None),
}

# Mail that comes in (docs/mail.md). People answer to <SUPPORT_ADDRESS with a secret after a plus>.
SUPPORT_ADDRESS = env("SUPPORT_ADDRESS", SUPPORT_CONTACT["email"]).strip().lower()
if "@" not in SUPPORT_ADDRESS:
    raise ImproperlyConfigured("SUPPORT_ADDRESS must be a mail address, such as support@example.com.")
MAIL_LISTEN = env("MAIL_LISTEN", "smtp://127.0.0.1:2525")
# The names our own mail servers sign their Authentication-Results with. Those of anybody else are not believed.
MAIL_TRUSTED_AUTHSERV = [
    name.strip().lower() for name in os.environ.get("MAIL_TRUSTED_AUTHSERV", "").split(",") if name.strip()
]
# Whether a sender must be proved by DKIM, SPF or DMARC. Only a copy for trying things believes a From by itself.
MAIL_PROOF = env("MAIL_PROOF", "none" if _trial else "needed")
if MAIL_PROOF not in {"needed", "none"}:
    raise ImproperlyConfigured("MAIL_PROOF must be 'needed' or 'none'. See docs/mail.md.")
IMAP_URL = os.environ.get("IMAP_URL", "")

# --- Tenancy: tables without tenant columns, and what each role may do with them ------------------------------------
# Applied after every migrate by the owner (tenancy/grants.py). A table that stands neither here nor under a policy is closed.
_ALL = "SELECT, INSERT, UPDATE, DELETE"
TENANT_SHARED_TABLES = {
    "django_migrations": {"app": "SELECT"},
    "django_session": {"app": _ALL},
    "django_content_type": {"app": "SELECT", "staff": "SELECT"},
    "auth_permission": {},  # what people may do stands in tenancy/capabilities.py
    "django_admin_log": {"app": "SELECT", "staff": "SELECT, INSERT"},
    "account_emailaddress": {"app": _ALL},
    "account_emailconfirmation": {"app": _ALL},
    "mfa_authenticator": {"app": _ALL},
    "contracts_pricelistentry": {"reseller": "SELECT", "staff": "SELECT, INSERT, UPDATE", "worker": "SELECT"},
    "contracts_invoicenumber": {"staff": "SELECT, INSERT, UPDATE", "worker": "SELECT, INSERT, UPDATE"},
    "contracts_importrun": {"staff": "SELECT, INSERT, UPDATE", "worker": "SELECT, UPDATE"},
    "contracts_importrow": {"staff": _ALL},
    "contracts_importproblem": {"staff": _ALL, "worker": "SELECT"},
    "contracts_bankline": {"staff": "SELECT, INSERT, UPDATE", "worker": "SELECT"},
    **{
        f"rma_{name}": {"staff": _ALL, "worker": _ALL}
        for name in ("businesscalendar", "calendarday", "warehouse", "pool", "basestock", "substitute")
    },
    "rma_poolunit": {"staff": "SELECT, INSERT, UPDATE", "worker": "SELECT, INSERT, UPDATE"},
    "tickets_automaticanswer": {"worker": _ALL},
    "contracts_product": {
        "customer": "SELECT",
        "reseller": "SELECT",
        "supplier": "SELECT",
        "staff": "SELECT, INSERT, UPDATE",
        "worker": "SELECT",
    },
}

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenancy.api.authentication.ActorAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenancy.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenancy.api.parsers.LimitedJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["tenancy.api.throttling.TokenThrottle"],
    "EXCEPTION_HANDLER": "tenancy.api.problems.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "tenancy.api.schema.ProblemSchema",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_PAGINATION_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,  # ?format= is an unknown parameter like any other
}
SPECTACULAR_SETTINGS = {
    "TITLE": "roZoom Support API",
    "VERSION": "1.0.0",
    "DESCRIPTION": (
        f"File tickets, follow their promise, answer and move them. The guide stands at {BASE_URL}/api/docs/. "
        "Refusals are `application/problem+json` with a stable `code`."
    ),
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "MessageKind": "tickets.models.MessageKind",
        "ServiceKind": "tickets.models.ServiceKind",
        "Channel": "tickets.models.Channel",
        "SeverityState": "tickets.models.SeverityState",
        "TicketState": "tickets.lifecycle.State",
        "Turn": "tickets.lifecycle.Turn",
        "ComponentState": "contracts.models.Component.State",
        "ProductKind": "contracts.models.Product.Kind",
        "OrganisationKind": "tenancy.models.Kind",
        "Outcome": "tickets.api.shapes.OUTCOMES",
        "Action": "tickets.api.shapes.ACTIONS",
        "Move": "tickets.lifecycle.MOVES",
        "Party": "tickets.api.shapes.PARTIES",
        "PromiseKind": "tickets.api.shapes.PROMISE_KINDS",
        "ReturnKind": "rma.states.RmaKind",
        "ReturnState": "rma.states.RmaState",
        "ReturnTurn": "rma.api.shapes.TURNS",
        "ReturnAction": "rma.actions.NAMES",
        "EntitlementOutcome": "contracts.entitlement.Outcome",
        "Charge": "contracts.entitlement.Charge",
        "ShipmentKind": "rma.states.ShipmentKind",
        "ShipmentState": "rma.states.ShipmentState",
        "SupplierReturnState": "rma.states.SupplierState",
        "SupplierAction": "rma.supplier.actions.NAMES",
        "SettledWith": "rma.api.shapes.SETTLED_WITH",
        "UnitState": "rma.states.UnitState",
        "UnitCondition": "rma.states.Condition",
        "UnitAction": "rma.api.shapes.UNIT_ACTIONS",
        "CarrierCode": "rma.services.carrying.CODES",
        "CarrierStatus": "rma.carrier.taking.STATUSES",
        "Ending": "rma.states.Ending",
        "Media": "rma.states.Media",
        "Diagnosis": "rma.states.Diagnosis",
        "Inspection": "rma.states.Inspection",
        "MissingCode": "rma.states.Missing",
        "WaitTurn": "tickets.api.shapes.WAIT_TURNS",
    },
    "PREPROCESSING_HOOKS": ["tenancy.api.schema.only_version_one"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tenancy.api.schema.share_problems",
    ],
    "TAGS": [
        {"name": "Tickets", "description": "File, read, correct, move and assign."},
        {"name": "Messages and files", "description": "The conversation, and what came with it."},
        {"name": "Severity", "description": "Proposals of another severity, and the answers of all parties."},
        {"name": "Components and sites", "description": "What a ticket can be about, and where it stands."},
        {"name": "Returns", "description": "A failed part: what can be had for it, and every leg until it is settled."},
        {"name": "Supplier returns", "description": "What roZoom sent to a supplier or contract manufacturer."},
        {"name": "Parts pool", "description": "Units that are sent first. roZoom only."},
        {"name": "Carrier events", "description": "What carriers say about shipments. roZoom only."},
        {"name": "Reports", "description": "How promises were kept."},
        {"name": "Webhooks", "description": "Be told what happens, instead of asking for it."},
        {"name": "Token", "description": "What the token in use is and may do."},
    ],
}

# --- Celery: work that must not be lost (docs/promise.md) -------------------------------------------------------------
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A publisher must never wait for Redis: PostgreSQL keeps the work, the poll finds it.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": not _is_socket,
    "health_check_interval": 10,
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "sla.*": {"queue": "sla"},
    "notifications.webhooks": {"queue": "webhooks"},
    "notifications.*": {"queue": "mail"},
    "contracts.imports": {"queue": "imports"},
    "tickets.read_mail": {"queue": "mail"},
    "tickets.poll_mail": {"queue": "mail"},
}
CELERY_BEAT_SCHEDULER = "rozoom_support.beat:SteadyScheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "sla.sweep", "schedule": 1.0, "options": {"expires": 2.0}},
    "catch_up": {"task": "sla.catch_up", "schedule": 15.0, "options": {"expires": 15.0}},
    "deliver": {"task": "notifications.deliver", "schedule": 2.0, "options": {"expires": 4.0}},
    "webhooks": {"task": "notifications.webhooks", "schedule": 2.0, "options": {"expires": 4.0}},
    "digests": {"task": "notifications.digests", "schedule": 60.0, "options": {"expires": 60.0}},
    "tidy": {"task": "notifications.tidy", "schedule": 3600.0, "options": {"expires": 600.0}},
    "keep_returns": {"task": "rma.keep", "schedule": 600.0, "options": {"expires": 300.0}},
    "serve_backorders": {"task": "rma.serve", "schedule": 30.0, "options": {"expires": 30.0}},
    "keep": {"task": "contracts.keep", "schedule": 600.0, "options": {"expires": 300.0}},
    "imports": {"task": "contracts.imports", "schedule": 2.0, "options": {"expires": 4.0}},
    "tidy_imports": {"task": "contracts.tidy_imports", "schedule": 3600.0, "options": {"expires": 600.0}},
    "calendars": {"task": "rma.calendars", "schedule": 3600.0, "options": {"expires": 600.0}},
    "expire_proposals": {"task": "tickets.expire_proposals", "schedule": 30.0, "options": {"expires": 30.0}},
    "read_mail": {"task": "tickets.read_mail", "schedule": 2.0, "options": {"expires": 4.0}},
    "poll_mail": {"task": "tickets.poll_mail", "schedule": 20.0, "options": {"expires": 20.0}},
    "tidy_mail": {"task": "tickets.tidy_mail", "schedule": 3600.0, "options": {"expires": 600.0}},
    "tidy_files": {"task": "tickets.tidy_files", "schedule": 3600.0, "options": {"expires": 600.0}},
}
# How often `manage.py watch` looks for mail, for the time Redis or beat is gone (seconds). It sweeps all the time.
WATCH_INTERVAL = 5.0

# --- Logs -----------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "rozoom_support.lib.http.RequestIdFilter"}},
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
}

UNFOLD = {
    "SITE_TITLE": "roZoom Support",
    "SITE_HEADER": "roZoom operators",
    "SITE_URL": "/desk/",
    "SITE_ICON": lambda request: static("rozoom/icon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("rozoom/icon.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        # around the product's accent, #0B5F66 (static/rozoom/app.css)
        "primary": {
            "50": "#F0F8F8",
            "100": "#DDEFF0",
            "200": "#B8DEE1",
            "300": "#85C7CC",
            "400": "#4AA5AC",
            "500": "#1F858D",
            "600": "#0B5F66",
            "700": "#08474D",
            "800": "#07393E",
            "900": "#062F33",
            "950": "#041F22",
        }
    },
}
