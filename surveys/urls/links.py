"""Addresses: the links of institutions, and those of all institutions of a region at once."""

from django.urls import path

from surveys.views import links as views

ONE = "links/<int:pk>/"

urlpatterns = [
    path("institutions/<int:pk>/links/", views.link_list, name="link-list"),
    path("institutions/<int:pk>/links/new/", views.link_create, name="link-create"),
    path(ONE, views.link_detail, name="link"),
    path(ONE + "edit/", views.link_edit, name="link-edit"),
    path(ONE + "pause/", views.link_pause, name="link-pause"),
    path(ONE + "resume/", views.link_resume, name="link-resume"),
    path(ONE + "close/", views.link_close, name="link-close"),
    path(ONE + "reopen/", views.link_reopen, name="link-reopen"),
    path(ONE + "history/", views.link_history, name="link-history"),
    path("regions/<slug:code>/links/", views.region_links, name="region-links"),
    path("regions/<slug:code>/links/new/", views.batch_create, name="link-batch-create"),
    path("link-batches/<int:pk>/", views.batch_detail, name="link-batch"),
    path("link-batches/<int:pk>/reopen/", views.batch_reopen, name="link-batch-reopen"),
    path("link-batches/<int:pk>/<slug:change>/", views.batch_change, name="link-batch-change"),
]
