"""Addresses: answers typed in from paper and telephone."""

from django.urls import path

from surveys.views import interviews as views

urlpatterns = [
    path("links/<int:pk>/entry/", views.link_entry, name="link-entry"),
    path("links/<int:pk>/entries/", views.link_entries, name="link-entries"),
    path("entries/<int:pk>/withdraw/", views.entry_withdraw, name="entry-withdraw"),
    path("links/<int:pk>/rechecks/", views.link_rechecks, name="link-rechecks"),
    path("rechecks/<int:pk>/", views.recheck, name="recheck"),
]
