"""Applications, middleware, templates, language, time and static files."""

from importlib.util import find_spec

from config.env import BASE_DIR, DEFAULTS, env
from core.origins import origin_of

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")

PROJECT_NAME = env.line("PROJECT_NAME", DEFAULTS["PROJECT_NAME"])
PUBLIC_URL = env.web_address("PUBLIC_URL", DEFAULTS["PUBLIC_URL"]).rstrip("/")
# Origins, redirects and links follow from it, unless they are set themselves.
FRONTEND_URL = env.web_address("FRONTEND_URL").rstrip("/")
CORS_ALLOWED_ORIGINS = env.names(
    "CORS_ALLOWED_ORIGINS", (origin_of(FRONTEND_URL),) if FRONTEND_URL else ()
)
API_URL = env.text("API_URL", "api/").strip("/") + "/"
# A route of Django: angle brackets would be a parameter.
_admin_path = env.pattern("ADMIN_URL", "admin/", r"[\w./~-]{1,100}", "a path like admin/")
ADMIN_URL = _admin_path.strip("/") + "/"

INSTALLED_APPS = [
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    # The extra `docs` (`API_DOCS`).
    *(["drf_spectacular_sidecar"] if find_spec("drf_spectacular_sidecar") else []),
    "core",
    "mail",
    "accounts",
    # make new-app adds apps here
]
if DEBUG:
    INSTALLED_APPS += ["devtools"]

MIDDLEWARE = [
    "core.middleware.request_id.RequestIdMiddleware",
    "core.middleware.headers.HeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.health.HealthMiddleware",
    # Before those that refuse a request: a refusal is in the language of the request.
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # In development, Django serves static files.
    *([] if DEBUG else ["whitenoise.middleware.WhiteNoiseMiddleware"]),
    # With another setting of django-cors-headers, such as CORS_ALLOW_ALL_ORIGINS, keep it always.
    *(["corsheaders.middleware.CorsMiddleware"] if CORS_ALLOWED_ORIGINS else []),
    "core.middleware.body_limits.BodyLimitsMiddleware",
    "core.cookies.StaleCookieMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.middleware.slashes.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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

# Each with its translations in locale/ (docs/languages.md).
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español")]
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "en", tuple(code for code, _ in LANGUAGES))
# Apps named here as well: a library that translates the same sentence would come first.
LOCALE_PATHS = [BASE_DIR / "locale", *sorted(BASE_DIR.glob("*/locale"))]
TIME_ZONE = env.time_zone("TIME_ZONE", DEFAULTS["TIME_ZONE"])
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "core.static_files.Storage"
    },
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
