"""All settings, read from the environment (`.env.example` lists every variable)."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
from kombu import Queue
from pythonjsonlogger.core import RESERVED_ATTRS

from gigstream import services, twin

BASE_DIR = Path(__file__).resolve().parent.parent
DEVELOPMENT_KEY = "development-only-secret-key"
DEVELOPMENT_FIELD_KEY = "ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMDAwMDA="

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

PRODUCTION = env.str("GIGSTREAM_ENV", default="development") == "production"
DEBUG = env.bool("DEBUG", default=not PRODUCTION)
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_KEY)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "gigstream.lib.error_pages.forged"
# The first key encrypts, all of them decrypt: put a new key in front to rotate.
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[DEVELOPMENT_FIELD_KEY])

INSTALLED_APPS = [
    # The pages of unfold stand before those of Django's admin, whose names they have.
    "unfold.apps.BasicAppConfig",
    "gigstream.console.site_config.ConsoleSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "gigstream",
    "audit",
    "workers",
    "platforms",
    "payments",
    "reputation",
    "loans",
    "gigstream.console",
]

MIDDLEWARE = [
    "gigstream.metrics.requests.CountingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gigstream.lib.browsers.NullCharacterMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gigstream.lib.browsers.PolicyMiddleware",
    "gigstream.lib.database_kind.DatabaseKindMiddleware",
    "audit.middleware.ActorMiddleware",
    "gigstream.console.middleware.StaffSessionMiddleware",
    "gigstream.console.middleware.PersonalDataMiddleware",
    "gigstream.lib.staff.StaffNamesMiddleware",
]

ROOT_URLCONF = "gigstream.urls"
WSGI_APPLICATION = "gigstream.wsgi.application"
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
            ],
        },
    },
]

# A database is made as `test` or `live`, for one provider, and stays so: the row that `migrate` writes.
DATABASE_KIND = env.str("GIGSTREAM_DATABASE", default="") or ("live" if PRODUCTION else "test")
# With the simulator of Circle's API: the settings of `gigstream.twin`, and a database of its own.
CIRCLE_TWIN = env.bool("CIRCLE_TWIN", default=False)

# --- PostgreSQL -------------------------------------------------------------------------------------------
# Persistent connections: a new one costs ten times the database work of a request. Lock waits end before
# statements, statements before idle transactions, so that a stuck process cannot hold the others up.
#
# A statement that comes again is planned once: a connection prepares what it has sent five times. pgBouncer
# in transaction mode lends its connections for one transaction each, so behind it nothing is prepared.
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
DATABASE_URL_GIVEN = bool(env.str("DATABASE_URL", default=""))
_DATABASE = env.db_url_config(
    env.str("DATABASE_URL", default="") or services.database_url(twin.DATABASE if CIRCLE_TWIN else None)
)
DATABASE_LOCK_TIMEOUT_MS = env.int("DATABASE_LOCK_TIMEOUT_MS", default=2000)
DATABASES = {
    "default": {
        **_DATABASE,
        "ENGINE": "gigstream.lib.postgres",
        # A socket directory as host is percent-encoded in a URL.
        "HOST": unquote(_DATABASE["HOST"]),
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLED,
        "OPTIONS": {
            # What the URL says behind its `?`, as in sslmode=verify-full.
            **_DATABASE.get("OPTIONS", {}),
            "connect_timeout": 3,
            "server_side_binding": not DATABASE_POOLED,
            "prepare_threshold": None if DATABASE_POOLED else 5,
            "options": (
                f"-c lock_timeout={DATABASE_LOCK_TIMEOUT_MS}"
                f" -c statement_timeout={env.int('DATABASE_STATEMENT_TIMEOUT_MS', default=5000)}"
                " -c idle_in_transaction_session_timeout=10000"
            ),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis ------------------------------------------------------------------------------------------------
_REDIS_URL = env.str("REDIS_URL", default="")
_REDIS_DB = twin.REDIS_DB if CIRCLE_TWIN else 0
REDIS_URL_GIVEN = bool(_REDIS_URL)
REDIS_TIMEOUT_SECONDS = env.int("REDIS_TIMEOUT_MS", default=200) / 1000
CACHES = {
    "default": {
        "BACKEND": "gigstream.lib.cache.GuardedRedisCache",
        "LOCATION": env.str("CACHE_URL", default="") or _REDIS_URL or services.cache_url(db=_REDIS_DB + 1),
        "KEY_PREFIX": "gigstream",
        # What a request may wait for: limits, failed sign-ins, caches.
        "OPTIONS": {"socket_timeout": REDIS_TIMEOUT_SECONDS, "socket_connect_timeout": REDIS_TIMEOUT_SECONDS},
    }
}

# --- Celery: a message is only a doorbell, the database row is the job --------------------------------------
CELERY_BROKER_URL = _REDIS_URL or services.broker_url(db=_REDIS_DB)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_TASK_TIME_LIMIT = 30
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_max": 0.2}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
# An idle worker has nothing to finish: there are no tasks with an ETA.
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Nothing here uses publish/subscribe, and a worker that waits on a subscription can wait for ever.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CONSUMER = "gigstream.worker:QueueConsumer"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 15,
    "retry_on_timeout": True,
    # Publishing to a broker that is away gives up at once (workers reconnect by their own settings).
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.1,
}
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULER = "gigstream.beat:Scheduler"
# Where each long-lived process marks its progress, for `manage.py alive`.
PROGRESS_DIRECTORY = env.str("PROGRESS_DIRECTORY", default="") or str(BASE_DIR / "var" / "progress")
# Processes of the worker that does neither releases nor webhooks.
WORKER_PROCESSES = env.int("WORKER_PROCESSES", default=2)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue("release"), Queue("settlement"), Queue("default"), Queue("webhooks")]

# Each job: seconds between runs, queue, and its minutes where it needs more than the usual time. The
# releases run in lanes side by side, one message each.
RELEASE_LANES = env.int("RELEASE_LANES", default=2)
DAY = 86_400
JOBS: dict[str, dict[str, Any]] = {
    **{
        f"release_due_streams:{lane}": {
            "task": "release_due_streams",
            "every": 10,
            "queue": "release",
            "kwargs": {"lane": lane, "lanes": RELEASE_LANES},
        }
        for lane in range(RELEASE_LANES)
    },
    "end_long_pauses": {"every": 60, "queue": "default"},
    "create_due_payouts": {"every": 10, "queue": "settlement"},
    "disburse_loans": {"every": 10, "queue": "settlement"},
    "submit_payouts": {"every": 10, "queue": "settlement"},
    "poll_settlements": {"every": 10, "queue": "settlement"},
    "verify_notifications": {"every": 60, "queue": "settlement"},
    "create_wallets": {"every": 60, "queue": "settlement"},
    "observe_deposits": {"every": 10, "queue": "settlement", "minutes": 5},
    "reconcile_settlements": {"every": 3600, "queue": "settlement", "minutes": 10},
    "deliver_webhooks": {"every": 5, "queue": "webhooks", "minutes": 1},
    "seal_audit_log": {"every": 60, "queue": "default"},
    "sweep_answers": {"every": 60, "queue": "default"},
    "sweep_sign_in": {"every": 60, "queue": "default"},
    "sweep_letters": {"every": DAY, "queue": "default"},
    "sweep_staff_sign_in": {"every": 60, "queue": "default"},
    "drop_claims": {"every": 60, "queue": "default"},
    "send_registrations": {"every": 10, "queue": "default"},
    "send_password_resets": {"every": 10, "queue": "default"},
    "send_staff_codes": {"every": 10, "queue": "default"},
    "send_invitations": {"every": 10, "queue": "default"},
    "send_wallet_notices": {"every": 10, "queue": "default"},
    "send_withdrawal_notices": {"every": 10, "queue": "default"},
    "send_hold_notices": {"every": 10, "queue": "default"},
    "send_dispute_reminders": {"every": 60, "queue": "default"},
    "apply_wallet_changes": {"every": 60, "queue": "default"},
    "expire_approvals": {"every": 60, "queue": "default"},
    "send_approval_notices": {"every": 10, "queue": "default"},
    "ring_overdue_jobs": {"every": 60, "queue": "default"},
    "mark_overdue_loans": {"every": DAY, "queue": "default"},
    "update_account_ages": {"every": DAY, "queue": "default"},
    "close_transaction_days": {"every": DAY, "queue": "default", "minutes": 30},
    "check_books": {"every": 3600, "queue": "default", "minutes": 30},
}
# Beat counts an interval from its own start, so a restart a day would keep a daily job from ever running:
# `ring_overdue_jobs` starts the slow ones, by their heartbeats.
BEAT_STARTS_UP_TO_SECONDS = 60
CELERY_BEAT_SCHEDULE = {
    name: {
        "task": job.get("task", name),
        "schedule": job["every"],
        "kwargs": job.get("kwargs", {}),
        # A tick that nobody took within three intervals is stale: the next one does its work.
        "options": {"queue": job["queue"], "expires": job["every"] * 3},
    }
    for name, job in JOBS.items()
    if job["every"] <= BEAT_STARTS_UP_TO_SECONDS
}

# --- The rules that may be tuned ----------------------------------------------------------------------------
STREAM_MIN_INTERVAL_SECONDS = env.int("STREAM_MIN_INTERVAL_SECONDS", default=60)
STREAM_MAX_DURATION_DAYS = env.int("STREAM_MAX_DURATION_DAYS", default=30)
STREAM_MAX_PAUSE_DAYS = env.int("STREAM_MAX_PAUSE_DAYS", default=14)
RELEASE_BATCH_SIZE = env.int("RELEASE_BATCH_SIZE", default=5000)
PAYOUT_MINIMUM = env.str("PAYOUT_MINIMUM", default="1")
PAYOUT_SMALLEST = env.str("PAYOUT_SMALLEST", default="0.10")
PAYOUT_BATCH_SIZE = env.int("PAYOUT_BATCH_SIZE", default=500)
SETTLEMENT_CONFIRMATIONS = env.int("SETTLEMENT_CONFIRMATIONS", default=3)
# Circle's developer-controlled wallets pay when there is a key for them, else the sandbox does.
CIRCLE_API_KEY = env.str("CIRCLE_API_KEY", default="")
CIRCLE_API_URL = env.str("CIRCLE_API_URL", default="https://api.circle.com")
CIRCLE_ENTITY_SECRET = env.str("CIRCLE_ENTITY_SECRET", default="")
CIRCLE_WALLET_SET_ID = env.str("CIRCLE_WALLET_SET_ID", default="")
CIRCLE_HOUSE_WALLET_ID = env.str("CIRCLE_HOUSE_WALLET_ID", default="")
CIRCLE_BLOCKCHAIN = env.str("CIRCLE_BLOCKCHAIN", default="ARC-TESTNET")
CIRCLE_USDC_ADDRESS = env.str("CIRCLE_USDC_ADDRESS", default="0x3600000000000000000000000000000000000000")
CIRCLE_READ_SECONDS = env.int("CIRCLE_READ_SECONDS", default=8)
if CIRCLE_TWIN:
    vars().update(twin.settings_for(env.int("TWIN_PORT", default=twin.DEFAULT_PORT)))
# A node of the chain, by which deposits are seen and payouts checked; without one neither is done.
CHAIN_RPC_URL = env.str("CHAIN_RPC_URL", default="")
CHAIN_READ_SECONDS = env.int("CHAIN_READ_SECONDS", default=8)
# Deposits are looked for from this block on; 0 is the newest at the first look.
CHAIN_START_BLOCK = env.int("CHAIN_START_BLOCK", default=0)
CHAIN_BLOCKS_PER_READ = env.int("CHAIN_BLOCKS_PER_READ", default=500)
# Whether the provider makes a wallet for who has none. Circle does once there is a set to make them in.
CUSTODY_WALLETS = env.bool("CUSTODY_WALLETS", default=bool(CIRCLE_WALLET_SET_ID))
# USDC of the house's own in the wallets, beyond what the ledger owes; unset, only a shortage is a difference.
TREASURY_OWN_USDC = env.str("TREASURY_OWN_USDC", default="")
_PROVIDERS = {
    True: "payments.provider.circle.CircleProvider",
    False: "payments.provider.sandbox.SandboxProvider",
}
PAYMENT_PROVIDER = env.str("PAYMENT_PROVIDER", default="") or _PROVIDERS[bool(CIRCLE_API_KEY)]
# What the house has on the simulated chain, in USDC.
SANDBOX_HOUSE_USDC = env.str("SANDBOX_HOUSE_USDC", default="1000000000")
SANDBOX_BLOCK_SECONDS = env.int("SANDBOX_BLOCK_SECONDS", default=2)
# A platform holds so much play money at most, in USDC: all of them share what the books can write down.
SIMULATED_BALANCE_LIMIT = env.str("SIMULATED_BALANCE_LIMIT", default="10000000")
# Transfers to these addresses fail on the simulated chain.
SANDBOX_BLOCKLIST = env.list("SANDBOX_BLOCKLIST", default=[])
# One of the staff moves up to so much within a day; beyond it a second one approves.
STAFF_ALONE_UP_TO = env.str("STAFF_ALONE_UP_TO", default="500")
# One of the staff gives a worker rewards of up to so much within a day; beyond it a second one approves.
REWARD_ALONE_UP_TO = env.str("REWARD_ALONE_UP_TO", default="20")
# A withdrawal waits so long before it leaves; an address that replaces another holds after so long.
WITHDRAWAL_WAIT_HOURS = env.int("WITHDRAWAL_WAIT_HOURS", default=24)
WITHDRAWAL_ADDRESS_DELAY_HOURS = env.int("WITHDRAWAL_ADDRESS_DELAY_HOURS", default=48)
BALANCE_LOW_THRESHOLD = env.str("BALANCE_LOW_THRESHOLD", default="100")
WEBHOOK_CONCURRENCY = env.int("WEBHOOK_CONCURRENCY", default=16)
# Webhooks may be on this machine and without TLS: for tests and the demo, never in production.
WEBHOOK_ALLOW_LOOPBACK = env.bool("WEBHOOK_ALLOW_LOOPBACK", default=False)
# A completed task can be disputed for so many days.
DISPUTE_WITHIN_DAYS = env.int("DISPUTE_WITHIN_DAYS", default=14)
# Staff are reminded of a dispute that has waited for so many days, and alarmed after so many.
DISPUTE_REMINDER_DAYS = env.int("DISPUTE_REMINDER_DAYS", default=3)
DISPUTE_ALARM_DAYS = env.int("DISPUTE_ALARM_DAYS", default=7)
# A bonus for a completed task is taken for so many days.
BONUS_WITHIN_DAYS = env.int("BONUS_WITHIN_DAYS", default=30)
# Beyond these, in USDC, staff decide on advances: owed by one platform's workers, lent in a day, owed in all.
OPEN_ADVANCES_OF_A_PLATFORM = env.str("OPEN_ADVANCES_OF_A_PLATFORM", default="1000")
NEW_ADVANCES_A_DAY = env.str("NEW_ADVANCES_A_DAY", default="2000")
OPEN_ADVANCES = env.str("OPEN_ADVANCES", default="20000")
LOAN_TERM_DAYS = env.int("LOAN_TERM_DAYS", default=30)
LOAN_DEFAULT_AFTER_DAYS = env.int("LOAN_DEFAULT_AFTER_DAYS", default=30)
# Daily jobs write so many rows in one transaction.
DAILY_BATCH_SIZE = env.int("DAILY_BATCH_SIZE", default=5000)

# --- Passwords, sessions, transport -------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "gigstream.lib.passwords.Bcrypt10",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Only staff have sessions. They end after so long without a click, and so long after they began.
STAFF_SESSION_MINUTES = env.int("STAFF_SESSION_MINUTES", default=30)
STAFF_SESSION_HOURS = env.int("STAFF_SESSION_HOURS", default=12)
# Whether staff without a second factor get further than to the page that makes one: required or optional.
STAFF_TWO_FACTOR = env.str("STAFF_TWO_FACTOR", default="required" if PRODUCTION else "optional")
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
SESSION_COOKIE_AGE = STAFF_SESSION_MINUTES * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
# What machines ask by plain HTTP from close by.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^jobz$"]
# For so long one look at /readyz or /jobz answers all who ask.
HEALTH_CACHE_SECONDS = env.int("HEALTH_CACHE_SECONDS", default=2)
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144

# The web server's processes, the threads of each, and after how many seconds a silent process is replaced.
WEB_PROCESSES = env.int("WEB_PROCESSES", default=2)
WEB_TIMEOUT_SECONDS = env.int("WEB_TIMEOUT_SECONDS", default=30)
# A request waits so long for locked rows in all, and only so short a time when a
# quarter of the threads may wait for the same platform's already.
WEB_THREADS = env.int("WEB_THREADS", default=8)
API_LOCK_WAIT_SECONDS = env.int("API_LOCK_WAIT_MS", default=2000) / 1000
API_LOCK_SHORT_WAIT_SECONDS = env.int("API_LOCK_SHORT_WAIT_MS", default=300) / 1000
# Whoever reads /metrics says it as a bearer token.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Requests a minute: of each API key, of all keys of a platform together (staff may set both for a platform),
# of a worker, and of a network address without a good credential.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=600)
API_PLATFORM_REQUESTS_PER_MINUTE = env.int("API_PLATFORM_REQUESTS_PER_MINUTE", default=1200)
API_WORKER_REQUESTS_PER_MINUTE = env.int("API_WORKER_REQUESTS_PER_MINUTE", default=100)
API_ADDRESS_REQUESTS_PER_MINUTE = env.int("API_ADDRESS_REQUESTS_PER_MINUTE", default=100)
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["gigstream.lib.api.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["gigstream.lib.api.parsing.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "workers.api.authentication.WorkerToken",
        "platforms.api.authentication.PlatformKey",
    ],
    # `?format=` is an ordinary parameter, of the lists that have a form besides JSON.
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_PERMISSION_CLASSES": [],
    "EXCEPTION_HANDLER": "gigstream.lib.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "gigstream.lib.api.schema.DoorSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "GigStream",
    "DESCRIPTION": "Real-time USDC pay for gig workers. Amounts are strings; times are RFC 3339 in UTC.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "AUTHENTICATION_WHITELIST": [],
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "string", "format": "uuid"}},
    "POSTPROCESSING_HOOKS": ["gigstream.lib.api.schema.finish"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "platformKey": {
                "type": "http",
                "scheme": "bearer",
                "description": "an API key of a platform, `gs_live_…` or `gs_test_…`",
            },
            "workerToken": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "an access token of a worker",
            },
        }
    },
}

# --- How workers sign in, and what is sent to them ----------------------------------------------------------
SIGN_IN_FAILURES_PER_ADDRESS = env.int("SIGN_IN_FAILURES_PER_ADDRESS", default=50)
WALLET_SIGN_IN_DOMAIN = env.str("WALLET_SIGN_IN_DOMAIN", default="127.0.0.1:8000")
CHAIN_ID = env.int("CHAIN_ID", default=5_042_002)
REGISTRATION_URL = env.str("REGISTRATION_URL", default="")
PASSWORD_RESET_URL = env.str("PASSWORD_RESET_URL", default="")
INVITATION_URL = env.str("INVITATION_URL", default="")
EMAIL_URL_GIVEN = bool(env.str("EMAIL_URL", default=""))
# Without a mail server letters are printed and kept as files: for test databases.
MAIL_DIR = Path(env.str("MAIL_DIR", default="") or BASE_DIR / "var" / "mail")
vars().update(env.email_url_config(env.str("EMAIL_URL", default="") or "consolemail://"))
if not EMAIL_URL_GIVEN:
    EMAIL_BACKEND = "gigstream.lib.mail_files.MailFiles"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="GigStream <no-reply@gigstream.example>")

# --- What staff take out ------------------------------------------------------------------------------------
EXPORT_MAX_ROWS = env.int("EXPORT_MAX_ROWS", default=50_000)
# Whether everybody may read at /integrity which invariants of the books hold.
PUBLIC_INTEGRITY_PAGE = env.bool("PUBLIC_INTEGRITY_PAGE", default=False)

# --- The staff's pages: how unfold shows them -------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "GigStream",
    "SITE_HEADER": "GigStream",
    "SITE_SUBHEADER": "all times in UTC",
    "SITE_URL": None,
    "ACCOUNT": {"navigation": "gigstream.console.navigation.account"},
    "LOGIN": {"form": "gigstream.console.sign_in.SignInForm"},
    "SITE_SYMBOL": "payments",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "gigstream.console.navigation.icon"}],
    # Django's own log of changes stays empty: the audit log is the one record of who did what.
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "gigstream.console.navigation.environment",
    "DASHBOARD_CALLBACK": "gigstream.console.dashboard.shown",
    "STYLES": ["gigstream.console.navigation.style"],
    "SCRIPTS": [
        "gigstream.console.navigation.script",
        "gigstream.console.navigation.command_script",
        "gigstream.console.navigation.reasons_script",
    ],
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "gigstream.console.navigation.sidebar",
    },
}

# --- Language, time, files ----------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
# Where `collectstatic` puts the files for production; without it they are served from the packages.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "audit.logs.ContextFilter"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(actor)s",
            # A request is not written out: its query string may hold anything, a key as well.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["context"]},
    },
    # One tells of every table of every font that it cuts down, the other of letters that names are made of.
    "loggers": {"fontTools": {"level": "WARNING"}, "fpdf": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
