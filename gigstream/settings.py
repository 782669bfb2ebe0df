"""Settings, read from the environment (`.env.example` lists the variables)."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from kombu import Queue
from pythonjsonlogger.core import RESERVED_ATTRS

from gigstream import embedded
from gigstream.api.schema.document import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from gigstream.jobs import schedule
from gigstream.simulators import circle_settings

BASE_DIR = Path(__file__).resolve().parent.parent
DEVELOPMENT_KEY = "development-only-secret-key"
DEVELOPMENT_FIELD_KEY = "ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMDAwMDA="

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

PRODUCTION = env.str("GIGSTREAM_ENV", default="development") == "production"
DEBUG = env.bool("DEBUG", default=not PRODUCTION)
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_KEY)
# Sign nothing: by them facts are recognised that workers had reported who have left.
FORMER_SECRET_KEYS = env.list("FORMER_SECRET_KEYS", default=[])
OWN_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
# Files of strangers have an origin of their own: in production, none of ours may show them.
MEDIA_ORIGIN = env.str("MEDIA_ORIGIN", default="")
ALLOWED_HOSTS = [*OWN_HOSTS, *filter(None, [urlsplit(MEDIA_ORIGIN).hostname])]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "gigstream.adminkit.actions.pages.refuse_form"
# The first key encrypts, all keys decrypt: put a new key in front to rotate.
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[DEVELOPMENT_FIELD_KEY])

INSTALLED_APPS = [
    # Unfold comes before Django's admin, whose templates it replaces.
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
    "gigstream.core",
    "audit",
    "gigstream.jobs",
    "gigstream.remote_calls",
    "gigstream.api",
    "gigstream.letters",
    "gigstream.sign_in",
    "gigstream.staff",
    "gigstream.saved_views",
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
    "gigstream.web.media_host.MediaHostMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gigstream.web.browsers.NullCharacterMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gigstream.web.browsers.PolicyMiddleware",
    "gigstream.web.database_kind.DatabaseKindMiddleware",
    "audit.log.middleware.ActorMiddleware",
    "gigstream.staff.middleware.StaffSessionMiddleware",
    "gigstream.core.people.staff_names.StaffNamesMiddleware",
    "gigstream.staff.middleware.PersonalDataMiddleware",
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

# A database is created as `test` or `live` and for a provider, in a row that `migrate` writes, and stays so.
DATABASE_KIND = env.str("GIGSTREAM_DATABASE", default="") or ("live" if PRODUCTION else "test")
# Pays through the simulator of Circle's API (`gigstream.simulators`), with a database of its own.
CIRCLE_SIMULATOR = env.bool("CIRCLE_SIMULATOR", default=False)

# --- PostgreSQL -------------------------------------------------------------------------------------------
# Persistent connections: a new one costs ten times the database work of a request. Lock waits end before
# statements, statements before idle transactions, so that a stuck process cannot hold the others up.
#
# A connection prepares a statement that it has sent five times. pgBouncer in transaction mode lends a
# connection for a single transaction, so behind it no statement is prepared.
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
DATABASE_URL_GIVEN = bool(env.str("DATABASE_URL", default=""))
_DATABASE = env.db_url_config(
    env.str("DATABASE_URL", default="")
    or embedded.database_url(circle_settings.DATABASE if CIRCLE_SIMULATOR else None)
)
DATABASE_LOCK_TIMEOUT_MS = env.int("DATABASE_LOCK_TIMEOUT_MS", default=2000)
DATABASES = {
    "default": {
        **_DATABASE,
        "ENGINE": "gigstream.core.postgres",
        # A socket directory as host is percent-encoded in a URL.
        "HOST": unquote(_DATABASE["HOST"]),
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLED,
        "OPTIONS": {
            # Parameters of the URL, such as sslmode=verify-full.
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
_REDIS_DB = circle_settings.REDIS_DB if CIRCLE_SIMULATOR else 0
REDIS_URL_GIVEN = bool(_REDIS_URL)
REDIS_TIMEOUT_SECONDS = env.int("REDIS_TIMEOUT_MS", default=200) / 1000
CACHES = {
    "default": {
        "BACKEND": "gigstream.network.redis_cache.GuardedRedisCache",
        "LOCATION": env.str("CACHE_URL", default="") or _REDIS_URL or embedded.cache_url(db=_REDIS_DB + 1),
        "KEY_PREFIX": "gigstream",
        # Requests wait for it: rate limits, failed sign-ins, caches.
        "OPTIONS": {"socket_timeout": REDIS_TIMEOUT_SECONDS, "socket_connect_timeout": REDIS_TIMEOUT_SECONDS},
    }
}

# --- Celery: a message is only a nudge, the database row is the job -----------------------------------------
CELERY_BROKER_URL = _REDIS_URL or embedded.broker_url(db=_REDIS_DB)
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
# An idle worker has no task to finish: no task has an ETA.
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# GigStream uses no publish/subscribe, and a worker that waits on a subscription can wait for ever.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CONSUMER = "gigstream.processes.worker:QueueConsumer"
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
CELERY_BEAT_SCHEDULER = "gigstream.processes.beat:Scheduler"
# Directory in which long-lived processes mark their progress, for `manage.py alive`.
PROGRESS_DIRECTORY = env.str("PROGRESS_DIRECTORY", default="") or str(BASE_DIR / "var" / "progress")
# Processes of the worker that does neither releases nor webhooks.
WORKER_PROCESSES = env.int("WORKER_PROCESSES", default=2)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue("release"), Queue("settlement"), Queue("default"), Queue("webhooks")]

RELEASE_WORKERS = env.int("RELEASE_WORKERS", default=2)
JOBS = schedule.list_jobs(RELEASE_WORKERS)
CELERY_BEAT_SCHEDULE = schedule.list_beat_entries(JOBS)

# --- Tunable rules ------------------------------------------------------------------------------------------
STREAM_MIN_INTERVAL_SECONDS = env.int("STREAM_MIN_INTERVAL_SECONDS", default=60)
STREAM_MAX_DURATION_DAYS = env.int("STREAM_MAX_DURATION_DAYS", default=30)
STREAM_MAX_PAUSE_DAYS = env.int("STREAM_MAX_PAUSE_DAYS", default=14)
RELEASE_BATCH_SIZE = env.int("RELEASE_BATCH_SIZE", default=5000)
PAYOUT_MINIMUM = env.str("PAYOUT_MINIMUM", default="1")
PAYOUT_SMALLEST = env.str("PAYOUT_SMALLEST", default="0.10")
PAYOUT_BATCH_SIZE = env.int("PAYOUT_BATCH_SIZE", default=500)
SETTLEMENT_CONFIRMATIONS = env.int("SETTLEMENT_CONFIRMATIONS", default=3)
# With a key, Circle's developer-controlled wallets pay, else the sandbox.
CIRCLE_API_KEY = env.str("CIRCLE_API_KEY", default="")
CIRCLE_API_URL = env.str("CIRCLE_API_URL", default="https://api.circle.com")
CIRCLE_ENTITY_SECRET = env.str("CIRCLE_ENTITY_SECRET", default="")
CIRCLE_WALLET_SET_ID = env.str("CIRCLE_WALLET_SET_ID", default="")
CIRCLE_HOUSE_WALLET_ID = env.str("CIRCLE_HOUSE_WALLET_ID", default="")
CIRCLE_BLOCKCHAIN = env.str("CIRCLE_BLOCKCHAIN", default="ARC-TESTNET")
CIRCLE_USDC_ADDRESS = env.str("CIRCLE_USDC_ADDRESS", default="0x3600000000000000000000000000000000000000")
CIRCLE_READ_SECONDS = env.int("CIRCLE_READ_SECONDS", default=8)
if CIRCLE_SIMULATOR:
    _SIMULATOR_PORT = env.int("SIMULATOR_PORT", default=circle_settings.DEFAULT_PORT)
    vars().update(circle_settings.settings_for(_SIMULATOR_PORT))
# A node of the chain, to find deposits and check payouts; if unset, neither is done.
CHAIN_RPC_URL = env.str("CHAIN_RPC_URL", default="")
CHAIN_READ_SECONDS = env.int("CHAIN_READ_SECONDS", default=8)
# Deposits are read from this block on; 0 is the newest block at the first read.
CHAIN_START_BLOCK = env.int("CHAIN_START_BLOCK", default=0)
CHAIN_BLOCKS_PER_READ = env.int("CHAIN_BLOCKS_PER_READ", default=500)
# Whether the provider creates missing wallets. Circle does if a wallet set is given.
CUSTODY_WALLETS = env.bool("CUSTODY_WALLETS", default=bool(CIRCLE_WALLET_SET_ID))
# USDC of the house's own in the wallets, beyond what the ledger owes; unset, only a shortage is a difference.
TREASURY_OWN_USDC = env.str("TREASURY_OWN_USDC", default="")
_PROVIDERS = {
    True: "payments.settlement.provider.circle.CircleProvider",
    False: "payments.settlement.sandbox.provider.SandboxProvider",
}
PAYMENT_PROVIDER = env.str("PAYMENT_PROVIDER", default="") or _PROVIDERS[bool(CIRCLE_API_KEY)]
# The registry contract that creators' numbers are written to; unset, nothing is, but in the sandbox.
ORACLE_CONTRACT = env.str("ORACLE_CONTRACT", default="")
# Who calls it; if unset, the provider that pays. `payments.settlement.signer.services.SigningProvider` signs
# with ORACLE_SIGNER_KEY and sends through CHAIN_RPC_URL.
ORACLE_PROVIDER = env.str("ORACLE_PROVIDER", default="")
ORACLE_SIGNER_KEY = env.str("ORACLE_SIGNER_KEY", default="")
# Bounds of the price of a unit of gas, in gwei, and USDC for gas in a month, which two people can change.
ORACLE_GAS_FLOOR_GWEI = env.str("ORACLE_GAS_FLOOR_GWEI", default="1")
ORACLE_GAS_CEILING_GWEI = env.str("ORACLE_GAS_CEILING_GWEI", default="1000")
ORACLE_GAS_OF_A_MONTH = env.str("ORACLE_GAS_OF_A_MONTH", default="50")
# Seconds between two blocks, to count blocks where no node is set.
ORACLE_BLOCK_SECONDS = env.int("ORACLE_BLOCK_SECONDS", default=2)
# USDC of the house on the simulated chain.
SANDBOX_HOUSE_USDC = env.str("SANDBOX_HOUSE_USDC", default="1000000000")
SANDBOX_BLOCK_SECONDS = env.int("SANDBOX_BLOCK_SECONDS", default=2)
# Most play money of a platform, in USDC: all platforms share the range of the ledger's amounts.
SIMULATED_BALANCE_LIMIT = env.str("SIMULATED_BALANCE_LIMIT", default="10000000")
# Transfers to these addresses fail on the simulated chain.
SANDBOX_BLOCKLIST = env.list("SANDBOX_BLOCKLIST", default=[])
# USDC that a member of staff moves within a day without a second person's approval.
STAFF_ALONE_UP_TO = env.str("STAFF_ALONE_UP_TO", default="500")
# USDC of rewards that a member of staff gives a worker within a day without a second person's approval.
REWARD_ALONE_UP_TO = env.str("REWARD_ALONE_UP_TO", default="20")
# Hours before a withdrawal is sent, and before a changed withdrawal address is in force.
WITHDRAWAL_WAIT_HOURS = env.int("WITHDRAWAL_WAIT_HOURS", default=24)
WITHDRAWAL_ADDRESS_DELAY_HOURS = env.int("WITHDRAWAL_ADDRESS_DELAY_HOURS", default=48)
BALANCE_LOW_THRESHOLD = env.str("BALANCE_LOW_THRESHOLD", default="100")
WEBHOOK_CONCURRENCY = env.int("WEBHOOK_CONCURRENCY", default=16)
# Allows webhooks on this machine and without TLS: for tests and the demo, never in production.
WEBHOOK_ALLOW_LOOPBACK = env.bool("WEBHOOK_ALLOW_LOOPBACK", default=False)
# Days in which a completed task can be disputed.
DISPUTE_WITHIN_DAYS = env.int("DISPUTE_WITHIN_DAYS", default=14)
# Days after which an open dispute sends staff a reminder, and an alarm.
DISPUTE_REMINDER_DAYS = env.int("DISPUTE_REMINDER_DAYS", default=3)
DISPUTE_ALARM_DAYS = env.int("DISPUTE_ALARM_DAYS", default=7)
# Days in which a bonus for a completed task is accepted.
BONUS_WITHIN_DAYS = env.int("BONUS_WITHIN_DAYS", default=30)
# Beyond these USDC staff decide on advances: owed by a platform's workers, lent in a day, owed in all.
OPEN_ADVANCES_OF_A_PLATFORM = env.str("OPEN_ADVANCES_OF_A_PLATFORM", default="1000")
NEW_ADVANCES_A_DAY = env.str("NEW_ADVANCES_A_DAY", default="2000")
OPEN_ADVANCES = env.str("OPEN_ADVANCES", default="20000")
LOAN_TERM_DAYS = env.int("LOAN_TERM_DAYS", default=30)
LOAN_DEFAULT_AFTER_DAYS = env.int("LOAN_DEFAULT_AFTER_DAYS", default=30)
# USDC that the house's quests get as budgets within a week.
QUEST_POOL_OF_A_WEEK = env.str("QUEST_POOL_OF_A_WEEK", default="1000")
# USDC that a quest without a limit of its own grants in an hour, and that all quests grant a worker in a day.
QUEST_OUTFLOW_OF_AN_HOUR = env.str("QUEST_OUTFLOW_OF_AN_HOUR", default="5000")
QUEST_OUTFLOW_OF_A_DAY = env.str("QUEST_OUTFLOW_OF_A_DAY", default="500")
# A reservation of a place in a quest; a held reward without a decision is granted after these days.
QUEST_LEASE_HOURS = env.int("QUEST_LEASE_HOURS", default=24)
QUEST_HOLD_DAYS = env.int("QUEST_HOLD_DAYS", default=14)
# A claim waits so long for rows that all workers of its quest share, then leaves its event to a job.
QUEST_HOT_WAIT_MS = env.int("QUEST_HOT_WAIT_MS", default=200)
# USDC of a submission's reward that one reviewer approves; more needs two. Two people can change it.
SUBMISSION_ALONE_UP_TO = env.str("SUBMISSION_ALONE_UP_TO", default="50")
# Days in which a rejection can be appealed, after which staff decide what a platform has not, and after which
# the images of decided submissions are deleted.
SUBMISSION_APPEAL_DAYS = env.int("SUBMISSION_APPEAL_DAYS", default=14)
SUBMISSION_OVERDUE_DAYS = env.int("SUBMISSION_OVERDUE_DAYS", default=5)
SUBMISSION_IMAGES_DAYS = env.int("SUBMISSION_IMAGES_DAYS", default=90)
# Of the 64 bits of two images' difference hashes: so many may differ in the same image, and in a similar one.
SUBMISSION_COPY_BITS = env.int("SUBMISSION_COPY_BITS", default=3)
SUBMISSION_SIMILAR_BITS = env.int("SUBMISSION_SIMILAR_BITS", default=12)
# Limits of the process that reads an image: megabytes of memory, seconds of processor time.
SUBMISSION_PICTURE_MB = env.int("SUBMISSION_PICTURE_MB", default=512)
SUBMISSION_PICTURE_SECONDS = env.int("SUBMISSION_PICTURE_SECONDS", default=20)
# Rows that daily jobs write in a transaction.
DAILY_BATCH_SIZE = env.int("DAILY_BATCH_SIZE", default=5000)

# --- Passwords, sessions, transport -------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "gigstream.sign_in.password_hashing.Bcrypt10",
]
AUTHENTICATION_BACKENDS = ["gigstream.staff.permissions.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Only staff have sessions. They end after these minutes without a request, and these hours after sign-in.
STAFF_SESSION_MINUTES = env.int("STAFF_SESSION_MINUTES", default=30)
STAFF_SESSION_HOURS = env.int("STAFF_SESSION_HOURS", default=12)
# Second factor of staff: required (without it, only the page to set it up opens) or optional.
STAFF_TWO_FACTOR = env.str("STAFF_TWO_FACTOR", default="required" if PRODUCTION else "optional")
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
SESSION_COOKIE_AGE = STAFF_SESSION_MINUTES * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
# Probes call these by plain HTTP from close by.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^jobz$"]
# Seconds for which an answer of /readyz or /jobz is reused.
HEALTH_CACHE_SECONDS = env.int("HEALTH_CACHE_SECONDS", default=2)
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144

# The web server's processes, and the seconds after which a silent process is replaced.
WEB_PROCESSES = env.int("WEB_PROCESSES", default=2)
WEB_TIMEOUT_SECONDS = env.int("WEB_TIMEOUT_SECONDS", default=30)
# Threads of each process. Seconds that a request waits for locked rows in all, and the shorter wait while a
# quarter of the threads may wait for the same platform's rows already.
WEB_THREADS = env.int("WEB_THREADS", default=8)
API_LOCK_WAIT_SECONDS = env.int("API_LOCK_WAIT_MS", default=2000) / 1000
API_LOCK_SHORT_WAIT_SECONDS = env.int("API_LOCK_SHORT_WAIT_MS", default=300) / 1000
# Bearer token that /metrics requires.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Requests a minute: of each API key, of all keys of a platform together (staff may set both for a platform),
# of a worker, and of a network address without a good credential.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=600)
API_PLATFORM_REQUESTS_PER_MINUTE = env.int("API_PLATFORM_REQUESTS_PER_MINUTE", default=1200)
API_WORKER_REQUESTS_PER_MINUTE = env.int("API_WORKER_REQUESTS_PER_MINUTE", default=100)
API_ADDRESS_REQUESTS_PER_MINUTE = env.int("API_ADDRESS_REQUESTS_PER_MINUTE", default=100)
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["gigstream.api.rendering.json.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["gigstream.api.parsing.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "workers.sign_in.authentication.WorkerToken",
        "platforms.platforms.authentication.PlatformKey",
    ],
    # `?format=` is an ordinary parameter, of the lists that have a form besides JSON.
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_PERMISSION_CLASSES": [],
    "EXCEPTION_HANDLER": "gigstream.api.problems.handle_exception",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "gigstream.api.schema.openapi.EndpointSchema",
}

# --- Sign-in of workers, letters ----------------------------------------------------------------------------
SIGN_IN_FAILURES_PER_ADDRESS = env.int("SIGN_IN_FAILURES_PER_ADDRESS", default=50)
WALLET_SIGN_IN_DOMAIN = env.str("WALLET_SIGN_IN_DOMAIN", default="127.0.0.1:8000")
CHAIN_ID = env.int("CHAIN_ID", default=5_042_002)
# CAIP-2 ids of the chains, besides that of payouts, whose accounts sign workers in.
SIGN_IN_CHAINS = env.list("SIGN_IN_CHAINS", default=["eip155:1", "cosmos:zigchain-1"])
# Social networks whose accounts workers link (`workers/social/networks.py`), as JSON, and the page to which
# they send a worker back. Networks on this machine and without TLS are for tests and the demo.
SOCIAL_NETWORKS = env.json("SOCIAL_NETWORKS", default={})
SOCIAL_REDIRECT_URL = env.str("SOCIAL_REDIRECT_URL", default="http://127.0.0.1:8000/linked")
SOCIAL_ALLOW_LOOPBACK = env.bool("SOCIAL_ALLOW_LOOPBACK", default=False)
REGISTRATION_URL = env.str("REGISTRATION_URL", default="")
PASSWORD_RESET_URL = env.str("PASSWORD_RESET_URL", default="")
INVITATION_URL = env.str("INVITATION_URL", default="")
EMAIL_URL_GIVEN = bool(env.str("EMAIL_URL", default=""))
# Without a mail server, letters are printed and kept as files: for test databases.
MAIL_DIR = Path(env.str("MAIL_DIR", default="") or BASE_DIR / "var" / "mail")
vars().update(env.email_url_config(env.str("EMAIL_URL", default="") or "consolemail://"))
if not EMAIL_URL_GIVEN:
    EMAIL_BACKEND = "gigstream.network.mail_files.MailFiles"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="GigStream <no-reply@gigstream.example>")

# --- Exports, and the public page of invariants -------------------------------------------------------------
EXPORT_MAX_ROWS = env.int("EXPORT_MAX_ROWS", default=50_000)
# Block explorer to which hashes and addresses on the staff's pages lead; empty: to none.
EXPLORER_URL = env.str("EXPLORER_URL", default="").rstrip("/")
# Whether /integrity shows the results of the invariants to the public.
PUBLIC_INTEGRITY_PAGE = env.bool("PUBLIC_INTEGRITY_PAGE", default=False)

# --- Staff pages (unfold) ---------------------------------------------------------------------------------
_NAVIGATION = "gigstream.console.navigation"
UNFOLD = {
    "SITE_TITLE": "GigStream",
    "SITE_HEADER": "GigStream",
    "SITE_SUBHEADER": "all times in UTC",
    "SITE_URL": None,
    "ACCOUNT": {"navigation": f"{_NAVIGATION}.account_links"},
    "LOGIN": {"form": "gigstream.staff.sign_in_pages.SignInForm"},
    "SITE_SYMBOL": "payments",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"{_NAVIGATION}.icon_url"}],
    # Django's own log of changes stays empty: the audit log is the only record of acts.
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": f"{_NAVIGATION}.environment_label",
    "DASHBOARD_CALLBACK": "gigstream.console.dashboard.add_figures",
    "STYLES": [f"{_NAVIGATION}.style_url"],
    "SCRIPTS": [
        f"{_NAVIGATION}.{name}_script_url"
        for name in ("menu", "command", "copy", "reasons", "refresh", "keys")
    ],
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": f"{_NAVIGATION}.visible_menu",
    },
}

# --- Language, time, files ----------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
# Target of `collectstatic` in production; if unset, files are served from their packages.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
# Files of submissions, and the seconds for which an address of one works.
MEDIA_ROOT = env.str("MEDIA_ROOT", default="") or str(BASE_DIR / "var" / "media")
MEDIA_LINK_SECONDS = env.int("MEDIA_LINK_SECONDS", default=600)
# Files of months of usage that have left the database, and a ClickHouse beside it for raw events.
USAGE_ARCHIVE_ROOT = env.str("USAGE_ARCHIVE_ROOT", default="") or str(BASE_DIR / "var" / "usage")
USAGE_STORE_URL = env.str("USAGE_STORE_URL", default="")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    **{
        files: {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": f"{MEDIA_ROOT}/{files}", "file_permissions_mode": 0o600},
        }
        for files in ("submissions", "notes")
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "audit.log.log_lines.ContextFilter"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(actor)s",
            # Requests are not logged: a query string may hold a key.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["context"]},
    },
    # Both log details of fonts and of letters in names at lower levels.
    "loggers": {"fontTools": {"level": "WARNING"}, "fpdf": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
