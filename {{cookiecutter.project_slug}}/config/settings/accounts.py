"""Users, passwords, tokens and sessions. All lifetimes are in seconds."""

from config.env import DEFAULTS, env
from config.settings.base import FRONTEND_URL, PROJECT_NAME

AUTH_USER_MODEL = "accounts.User"

PASSWORD_HASHERS = [
    "accounts.services.passwords.hashers.Argon2PasswordHasher",
    # For users from another Django project. A sign-in rehashes the password.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# At most one of them is asked (docs/leaked-passwords.md).
LEAKED_PASSWORDS_FILE = env.text("LEAKED_PASSWORDS_FILE")
LEAKED_PASSWORDS_URL = env.web_address("LEAKED_PASSWORDS_URL").rstrip("/")
# Minimum length, no common passwords, any characters (NIST SP 800-63B, OWASP ASVS V6.2).
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.models.validators.AcceptedAtLoginValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.services.passwords.validators.OwnNamesValidator"},
]
if LEAKED_PASSWORDS_FILE or LEAKED_PASSWORDS_URL:
    AUTH_PASSWORD_VALIDATORS += [
        {"NAME": "accounts.services.passwords.validators.LeakedPasswordValidator"}
    ]

# allauth stores addresses and authenticators. Users sign in by the flows of ``accounts``.
ACCOUNT_ADAPTER = "accounts.services.email_addresses.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]

# E-mails about security events.
NEW_DEVICE_EMAILS = env.boolean("NEW_DEVICE_EMAILS", True)
REPLAY_EMAILS = env.boolean("REPLAY_EMAILS", True)

OLD_PASSWORD_FIELD_ENABLED = env.boolean("OLD_PASSWORD_FIELD_ENABLED", True)
LOGOUT_ON_PASSWORD_CHANGE = env.boolean("LOGOUT_ON_PASSWORD_CHANGE", True)

# How long a closed account can be reopened, before it is deleted.
ACCOUNT_CLOSING_GRACE = env.seconds("ACCOUNT_CLOSING_GRACE", 14 * 86_400, at_least=60)

# When a sign-up that nobody has verified is deleted, and how long before it gets an e-mail.
UNVERIFIED_ACCOUNT_LIFETIME = env.seconds(
    "UNVERIFIED_ACCOUNT_LIFETIME", 30 * 86_400, at_least=3_600
)
UNVERIFIED_ACCOUNT_WARNING = env.seconds("UNVERIFIED_ACCOUNT_WARNING", 7 * 86_400)

PASSWORD_RESET_TIMEOUT = env.seconds("PASSWORD_RESET_TIMEOUT", 3_600, at_least=60)
PASSWORD_RESET_REDIRECT = env.web_address(
    "PASSWORD_RESET_REDIRECT", FRONTEND_URL and f"{FRONTEND_URL}/reset"
)

JWT_ALGORITHM = env.choice("JWT_ALGORITHM", "HS256", ("HS256", "ES256", "RS256"))
JWT_SIGNING_KEY = env.secret("JWT_SIGNING_KEY").replace("\\n", "\n")
# Former keys, which only verify, during a key rotation.
JWT_VERIFYING_KEYS = [key.replace("\\n", "\n") for key in env.names("JWT_VERIFYING_KEYS")]

JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = env.boolean(
    "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE", DEFAULTS["JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE"]
)
JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = env.seconds(
    "JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME", 300, at_least=1
)
JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME = env.seconds(
    "JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME", 14 * 86_400, at_least=1
)
JWT_ALLAUTH_SESSION_LIFETIME = env.seconds("JWT_ALLAUTH_SESSION_LIFETIME", 90 * 86_400)
JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = env.seconds("JWT_ALLAUTH_REFRESH_REUSE_LEEWAY", 10)
JWT_ALLAUTH_MAX_SESSIONS = env.integer("JWT_ALLAUTH_MAX_SESSIONS", 50, at_least=1, at_most=10_000)
JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK = env.boolean(
    "JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK", False
)

JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = env.boolean(
    "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION", DEFAULTS["JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION"]
)
JWT_ALLAUTH_INVITATIONS = env.boolean("JWT_ALLAUTH_INVITATIONS", False)
JWT_ALLAUTH_INVITATION_LIFETIME = env.seconds(
    "JWT_ALLAUTH_INVITATION_LIFETIME", 7 * 86_400, at_least=60
)
PASSWORD_SET_REDIRECT = env.web_address(
    "PASSWORD_SET_REDIRECT", FRONTEND_URL and f"{FRONTEND_URL}/join"
)
JWT_ALLAUTH_MFA_TOTP_MODE = env.choice(
    "JWT_ALLAUTH_MFA_TOTP_MODE",
    DEFAULTS["JWT_ALLAUTH_MFA_TOTP_MODE"],
    ("disabled", "optional", "required"),
)
# None: the default of the mode (``accounts.conf``).
MFA_TRUST_LIFETIME = (
    env.seconds("MFA_TRUST_LIFETIME", 0) if env.text("MFA_TRUST_LIFETIME") else None
)
MFA_ENCRYPTION_KEYS = env.secrets("MFA_ENCRYPTION_KEYS")
# In the URI for the authenticator app, a colon separates the issuer from the address.
MFA_TOTP_ISSUER = env.line("MFA_TOTP_ISSUER", PROJECT_NAME.replace(":", ""), without=":")
MFA_ADAPTER = "accounts.services.mfa.authenticators.Adapter"
EMAIL_VERIFICATION = env.choice(
    "EMAIL_VERIFICATION", "mandatory", ("mandatory", "optional", "none", "True", "False")
)
EMAIL_VERIFIED_REDIRECT = env.web_address(
    "EMAIL_VERIFIED_REDIRECT", FRONTEND_URL and f"{FRONTEND_URL}/welcome"
)
JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = env.boolean("JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET", True)
