"""The settings: one module per concern. ``.env.example`` describes the variables."""

from config.env import env
from config.settings.accounts import *
from config.settings.api import *
from config.settings.base import *
from config.settings.celery import *
from config.settings.csp import *
from config.settings.database import *
from config.settings.logging import *
from config.settings.mail import *
from config.settings.redis import *
from config.settings.security import *
from config.settings.sentry import *
from config.settings.throttling import *

# The settings of features read those above.
# isort: off
# feature: passkeys
from config.settings.passkeys import *

# end feature
# feature: social_login
from config.settings.social_login import *

# end feature
ENVIRONMENT_PROBLEMS = env.problems
