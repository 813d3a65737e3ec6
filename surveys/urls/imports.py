"""Addresses: files of digitised answers."""

from django.urls import path

from surveys.views import imports as views

urlpatterns = [
    path("links/<int:pk>/imports/", views.link_imports, name="link-imports"),
    path("links/<int:pk>/imports/template/", views.template, name="link-import-template"),
    path("imports/<int:pk>/", views.response_import, name="response-import"),
    path("imports/<int:pk>/progress/", views.progress, name="response-import-progress"),
    path("imports/<int:pk>/check/", views.check, name="response-import-check"),
    path("imports/<int:pk>/start/", views.start, name="response-import-start"),
    path("imports/<int:pk>/cancel/", views.cancel, name="response-import-cancel"),
    path("imports/<int:pk>/undo/", views.undo, name="response-import-undo"),
    path("imports/<int:pk>/undo/confirm/", views.undo_confirm, name="response-import-undo-confirm"),
    path("imports/<int:pk>/undo/withdraw/", views.undo_withdraw, name="response-import-undo-withdraw"),
    path("imports/<int:pk>/file/", views.original_file, name="response-import-file"),
    path("imports/<int:pk>/marked/", views.marked_file, name="response-import-marked"),
]
