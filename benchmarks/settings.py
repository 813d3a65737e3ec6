"""The portal's own settings with the yardsticks beside its addresses."""

from nsi_portal.settings import *

ROOT_URLCONF = "benchmarks.urls"
LOGGING["root"]["level"] = "WARNING"  # noqa: F405
