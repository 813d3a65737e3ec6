"""Addresses: suspicious answers, and decisions to leave them out."""

from django.urls import path

from surveys.views import quality

urlpatterns = [
    path("regions/<slug:code>/quality/", quality.region_quality, name="region-quality"),
    path("regions/<slug:code>/quality/decisions/", quality.exclusion_list, name="exclusion-list"),
    path("institutions/<int:pk>/quality/", quality.institution_quality, name="institution-quality"),
    path("institutions/<int:pk>/quality/propose/", quality.exclusion_propose, name="exclusion-propose"),
    path("exclusions/<int:pk>/", quality.exclusion_case, name="exclusion-case"),
    path("exclusions/<int:pk>/withdraw/", quality.exclusion_withdraw, name="exclusion-withdraw"),
]
