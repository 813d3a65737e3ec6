"""The portal's own settings with the yardsticks beside its addresses."""

from nsi_portal.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
LOGGING["root"]["level"] = "WARNING"  # noqa: F405
