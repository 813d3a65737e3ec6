"""Addresses of the API."""

from django.urls import path

from monitoring.api import views

urlpatterns = [
    path("institutions/<int:pk>/results/", views.institution_results, name="api-institution-results"),
    path("regions/<slug:code>/results/<slug:life_situation>/", views.region_results, name="api-region-results"),
    path("regions/<slug:code>/results/<slug:life_situation>/<slug:period>/", views.quarter, name="api-quarter"),
]
