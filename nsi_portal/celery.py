"""The queue: it only carries "look at job N"; what there is to do stands in the job table."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nsi_portal.settings")

app = Celery("nsi_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
