"""Settings of the portal: one code path, two forms (embedded and production), all differences from the environment."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
from celery.schedules import crontab
from csp.constants import NONE, SELF
from whitenoise.compress import Compressor

from nsi_portal.environment import BASE_DIR, BadEnvironment, read_environment

try:
    ENVIRONMENT = read_environment()
except BadEnvironment as error:
    # A stack trace would bury the remedy.
    sys.exit(str(error))

PRODUCTION = ENVIRONMENT.production
DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
PUBLIC_URL = ENVIRONMENT.public_url
VAR = ENVIRONMENT.var
HOST = ENVIRONMENT.host
PORT = ENVIRONMENT.port

INSTALLED_APPS = [
    "nsi_portal",
    "monitoring",
    "roadmaps",
    "surveys",
    "practices",
    "regions",
    "jobs",
    "accounts",
    # Without looking for admins of other apps: nsi_portal.admin says which rows it edits.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "simple_history",
]

MIDDLEWARE = [
    "nsi_portal.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before anything asks the database; after what gives the page of the error its headers.
    "nsi_portal.middleware.no_nul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page is closed; public ones are opened by name with login_not_required.
    "nsi_portal.middleware.LoginRequiredMiddleware",
    # Who is signed in gives the consent and has the second factor their role needs before anything else.
    "nsi_portal.middleware.EntryMiddleware",
    # Whoever has several roles may have chosen to act in one of them.
    "regions.middleware.ActingRoleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    # Writes into the history of every card who made the change.
    "simple_history.middleware.HistoryRequestMiddleware",
    # Last: its page needs all that the others find out about the request.
    "nsi_portal.middleware.only_by_button",
]

ROOT_URLCONF = "nsi_portal.urls"
WSGI_APPLICATION = "nsi_portal.wsgi.application"

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
                "monitoring.navigation.navigation",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database ------------------------------------------------------------------------------------------------------------

DATABASES = {"default": dj_database_url.parse(ENVIRONMENT.database_url, conn_max_age=60, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A writer that begins as a reader cannot wait for the lock; beginning as a writer it can.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
    # A file, as the real one: in memory there would be neither WAL nor a second process.
    DATABASES["default"]["TEST"] = {"NAME": VAR / "test.sqlite3"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Queue and cache -----------------------------------------------------------------------------------------------------

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The job table is the truth and a scheduler looks after it: asking must fail fast when the broker is away.
CELERY_TASK_PUBLISH_RETRY = False
if ENVIRONMENT.redis_url:
    CELERY_BROKER_URL = ENVIRONMENT.redis_url
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
        # Whoever asks for a job waits for none of kombu's own attempts: its default is six seconds of them.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
    }
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "nsi_portal.cache.ForgivingRedisCache",
            "LOCATION": ENVIRONMENT.redis_url,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
else:
    for folder in ("queue", "processed", "control"):
        (VAR / "broker" / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # In and out are one folder: the portal talks to itself.
        "data_folder_in": str(VAR / "broker" / "queue"),
        "data_folder_out": str(VAR / "broker" / "queue"),
        "processed_folder": str(VAR / "broker" / "processed"),
        "control_folder": str(VAR / "broker" / "control"),
        "store_processed": False,
    }
    CACHES = {
        "default": {
            "BACKEND": "nsi_portal.cache.SweptFileCache",
            "LOCATION": VAR / "cache",
            "OPTIONS": {"MAX_ENTRIES": 3000},
        },
    }

JOB_HEARTBEAT_SECONDS = 5
JOB_STALE_SECONDS = 30
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "look-after-jobs": {"task": "jobs.tasks.look_after_jobs", "schedule": 10.0, "options": {"expires": 10}},
    "roll-up-responses": {"task": "surveys.tasks.roll_up_responses", "schedule": 30.0, "options": {"expires": 30}},
    "clear-sessions": {"task": "accounts.tasks.clear_sessions", "schedule": crontab(hour="2", minute="30")},
    "send-waiting-letters": {
        "task": "regions.tasks.send_waiting_letters",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget-unconfirmed-requests": {
        "task": "regions.tasks.forget_unconfirmed_requests",
        "schedule": crontab(hour="2", minute="40"),
    },
    "forget-old-drafts": {"task": "surveys.tasks.forget_old_drafts", "schedule": crontab(hour="2", minute="50")},
    "forget-import-files": {"task": "surveys.tasks.forget_import_files", "schedule": crontab(hour="2", minute="55")},
    "forget-answer-files": {"task": "monitoring.tasks.forget_answer_files", "schedule": crontab(hour="3", minute="5")},
    "check-rollups": {"task": "surveys.tasks.check_rollups", "schedule": crontab(hour="1", minute="30")},
    "mark-suspicious-answers": {"task": "surveys.tasks.mark_suspicious_answers", "schedule": crontab(minute="12")},
    "forget-addresses": {"task": "surveys.tasks.forget_addresses", "schedule": crontab(minute="1")},
    # Every hour: ten in the morning comes to eleven zones one after another.
    "remind-of-fieldwork": {"task": "monitoring.tasks.remind_of_fieldwork", "schedule": crontab(minute="20")},
    # Every hour, soon after it: midnight comes to eleven zones one after another.
    "remeasure-readiness": {"task": "regions.tasks.remeasure_readiness", "schedule": crontab(minute="2")},
}
CELERY_TIMEZONE = "Europe/Moscow"

# People --------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "cabinet"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(PUBLIC_URL).scheme
# No answer tells whether an address is known, and a stranger's address gets no letter from the portal.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# The owner hears of every change of password and second factor.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.ConfirmLoginCodeForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
}
# Those of allauth, and those of the portal's own public forms (accounts.limits).
ACCOUNT_RATE_LIMITS = {"signup": "10/m/ip,100/d/ip", "institution_search": "30/m/ip,500/d/ip"}
# In production every request comes through the portal's own proxy: limits count by the address it names.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if PRODUCTION else 0

# Whose role asks for a second factor: accounts knows no roles, so the question is handed to it from here.
SECOND_FACTOR_REQUIRED = "regions.permissions.needs_second_factor"
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# People are invited: their addresses are known to be theirs without a letter of confirmation.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Портал НСИ"
# A clock may be half a minute off; a code still works once (accounts.forms.AuthenticateForm).
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "activate_totp": "accounts.forms.ActivateTotpForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.EditPasskeyForm",
    "authenticate_webauthn": "accounts.forms.AuthenticatePasskeyForm",
    "login_webauthn": "accounts.forms.LoginPasskeyForm",
    "reauthenticate_webauthn": "accounts.forms.ReauthenticatePasskeyForm",
}
# A row is written at sign-in, not at every request.
USERSESSIONS_TRACK_ACTIVITY = False

# Sign-in at somebody else's: only people the portal knows, by the address the provider vouches for.
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if ENVIRONMENT.oidc:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": ENVIRONMENT.oidc.name,
                "client_id": ENVIRONMENT.oidc.client_id,
                "secret": ENVIRONMENT.oidc.client_secret,
                "settings": {"server_url": ENVIRONMENT.oidc.url},
            }
        ],
    }

# E-mail: without a server of its own the embedded form writes letters to files.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = f"Портал НСИ <{ENVIRONMENT.email_from}>"
if ENVIRONMENT.email_url:
    vars().update({key: value for key, value in dj_email_url.parse(ENVIRONMENT.email_url).items() if value is not None})
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
# The developer's page of letters reads them there (nsi_portal.developer).
LETTERS_IN_FILES = not ENVIRONMENT.email_url
# A mail server takes its time: pages open to strangers must not show by theirs that a letter was sent.
LETTERS_IN_BACKGROUND = bool(ENVIRONMENT.email_url)

# Language and time ---------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "ru"
# The portal's own words in what respondents see (locale/). A questionnaire may be in any language, see
# surveys.questionnaires.languages.
LANGUAGES = [("ru", "Русский"), ("tt", "Татарча"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Moscow"
USE_THOUSAND_SEPARATOR = True

# Files ---------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = ENVIRONMENT.static_root
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS: list[str | Path | tuple[str, Path]] = [
    BASE_DIR / "static",
    ("npm/bootstrap", NODE_MODULES / "bootstrap" / "dist"),
    ("npm/sortablejs", NODE_MODULES / "sortablejs"),
    ("npm/golos-text", NODE_MODULES / "@fontsource-variable" / "golos-text" / "files"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Source maps are for developers' tools: compressing them takes longer than all the rest.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
# Never served by address: only a view that has asked for the permission hands a file out.
MEDIA_ROOT = VAR / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# A form has a field for each institution of a region.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Safety --------------------------------------------------------------------------------------------------------------

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A form that leads to the provider of sign-in is followed there.
        "form-action": [SELF, *([ENVIRONMENT.oidc.origin] if ENVIRONMENT.oidc else [])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    # Only the proxy reaches the web process, and it sets this header itself.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    # The proxy's and the orchestrator's health checks come over plain HTTP from inside.
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# The portal's own rules that are settings, not laws of nature --------------------------------------------------------

# A value from fewer answers is not published; from fewer than the second it is marked «мало данных» (DESIGN 6).
KPI_MINIMUM_ANSWERS = 10
KPI_SUFFICIENT_ANSWERS = 30
# Service received at most this many days before the answer (000, stage 3c).
ELIGIBLE_WITHIN_DAYS = 5
# How long the link of an invitation lives, and that of a letter that confirms an address.
INVITATION_DAYS = 7
# Answers begun before a link closed still arrive for this long.
LINK_GRACE_SECONDS = 60 * 60
# The share of paper forms that a second person types in again.
ENTRY_RECHECK_SHARE = 0.05
# From where on an answer is marked as suspicious: surveys.quality.marks.Bounds.
QUALITY_BOUNDS: dict[str, Any] = {
    "seconds_per_answer": 1.5,
    "night_hours": (0, 5),
    "burst_answers": 10,
    "burst_minutes": 5,
    "burst_times_usual": 3,
    "identical_answers": 5,
    "identical_texts": 3,
    "text_letters": 15,
    "address_answers": 20,
}
# Answers of so many last days are looked at anew each hour, and compared with so many days before them.
QUALITY_DAYS_BACK = 3
QUALITY_USUAL_DAYS = 28

# API -----------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["nsi_portal.api.PlainJSONParser"],
    "DEFAULT_PAGINATION_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttles.ByKey"],
    "DEFAULT_THROTTLE_RATES": {"key": "600/min"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "nsi_portal.api_errors.answer_to",
    # No form, no session: whoever asks is known by the key or by nobody.
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# Requests for questionnaires and answers, from one address.
API_PUBLIC_A_MINUTE = 600
SPECTACULAR_SETTINGS = {
    "TITLE": "Портал НСИ: API",
    "DESCRIPTION": "Ссылки, анкеты, отправка ответов и результаты. Права те же, что на страницах.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {},
}

# Logs ----------------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "nsi_portal.logs.RequestIdFilter"},
        "refusal": {"()": "nsi_portal.logs.RefusalFilter"},
    },
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": "INFO"},
        "django.request": {"filters": ["refusal"]},
        "django.server": {"handlers": ["console"], "propagate": False},
        # Says at every connection that the filesystem transport has no host name.
        "kombu.connection": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
    },
}
