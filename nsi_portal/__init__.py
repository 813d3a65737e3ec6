"""Wiring of the portal: settings, root URLs, queue, middleware. No business rules live here."""

from nsi_portal.celery import app as celery_app

__all__ = ["celery_app"]
