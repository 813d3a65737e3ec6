"""The portal's settings, with one more address: the negative control of the race test."""

from nsi_portal.settings import *  # noqa: F403

ROOT_URLCONF = "tests.surveys.race_urls"
# The race waits for no collectstatic.
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
