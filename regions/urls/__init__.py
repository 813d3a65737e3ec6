"""Addresses of the ground floor: a module for each subject, beside its views."""

from django.urls import include, path

SUBJECTS = (
    "regions",
    "bodies",
    "letters",
    "life_situations",
    "institutions",
    "people",
    "invitations",
    "access",
    "materials",
)

urlpatterns = [path("", include(f"regions.urls.{subject}")) for subject in SUBJECTS]
