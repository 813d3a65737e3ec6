"""Addresses: the fieldwork of institutions and regions, and the reminders of it."""

from django.urls import path

from monitoring.fieldwork import views

urlpatterns = [
    path("institutions/<int:pk>/fieldwork/", views.institution_fieldwork, name="institution-fieldwork"),
    path("regions/<slug:code>/fieldwork/", views.region_fieldwork, name="region-fieldwork"),
    path(
        "regions/<slug:code>/<slug:life_situation>/<slug:period>/fieldwork-error/",
        views.fieldwork_error,
        name="fieldwork-error",
    ),
    path("reminders/", views.reminder_settings, name="reminders"),
    path("reminders/switch/", views.reminder_switch, name="reminders-switch"),
]
