"""Addresses: «Вы сказали — мы сделали»."""

from django.urls import path

from surveys.views import changes as views

urlpatterns = [
    path("institutions/<int:pk>/changes/", views.institution_changes, name="institution-changes"),
    path("institutions/<int:pk>/changes/new/", views.change_create, name="change-create"),
    path("changes/<int:pk>/edit/", views.change_edit, name="change-edit"),
    path("changes/<int:pk>/show/", views.change_show, name="change-show"),
    path("changes/<int:pk>/history/", views.change_history, name="change-history"),
]
