"""Who people are and how they get in: passwords, tokens and sessions. All lifetimes are seconds."""

from config.env import DEFAULTS, env

AUTH_USER_MODEL = "accounts.User"

PASSWORD_HASHERS = [
    "accounts.hashers.Argon2PasswordHasher",
    # Accounts brought along from another Django project: rehashed when their owner signs in.
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

OLD_PASSWORD_FIELD_ENABLED = env.boolean("OLD_PASSWORD_FIELD_ENABLED", True)
LOGOUT_ON_PASSWORD_CHANGE = env.boolean("LOGOUT_ON_PASSWORD_CHANGE", True)

JWT_ALGORITHM = env.choice("JWT_ALGORITHM", "HS256", ("HS256", "ES256", "RS256"))
JWT_SIGNING_KEY = env.secret("JWT_SIGNING_KEY").replace("\\n", "\n")

JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = env.boolean(
    "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE", DEFAULTS["JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE"]
)
JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = env.integer(
    "JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME", 300, at_least=1
)
JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME = env.integer(
    "JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME", 14 * 86_400, at_least=1
)
JWT_ALLAUTH_SESSION_LIFETIME = env.integer("JWT_ALLAUTH_SESSION_LIFETIME", 90 * 86_400)
JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = env.integer("JWT_ALLAUTH_REFRESH_REUSE_LEEWAY", 10)
JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK = env.boolean(
    "JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK", False
)

JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = env.boolean(
    "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION", DEFAULTS["JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION"]
)
JWT_ALLAUTH_MFA_TOTP_MODE = env.choice(
    "JWT_ALLAUTH_MFA_TOTP_MODE",
    DEFAULTS["JWT_ALLAUTH_MFA_TOTP_MODE"],
    ("disabled", "optional", "required"),
)
EMAIL_VERIFICATION = env.choice(
    "EMAIL_VERIFICATION", "mandatory", ("mandatory", "optional", "none", "True", "False")
)
