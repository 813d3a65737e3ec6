from django.urls import path

from regions.views import letters as views

REGION = "regions/<slug:code>/letters/"

urlpatterns = [
    path(REGION, views.letter_list, name="letter-list"),
    path(REGION + "register/", views.letter_register, name="letter-register"),
    path(REGION + "new/", views.letter_create, name="letter-create"),
    path("letters/", views.letters_overview, name="letters-overview"),
    path("letters/<int:pk>/edit/", views.letter_edit, name="letter-edit"),
    path("letters/<int:pk>/document/", views.letter_document, name="letter-document"),
    path("letters/deadlines/", views.deadline_list, name="deadline-list"),
    path("letters/deadlines/new/", views.deadline_create, name="deadline-create"),
    path("letters/deadlines/history/", views.deadline_history, name="deadline-history"),
    path("letters/deadlines/<int:pk>/edit/", views.deadline_edit, name="deadline-edit"),
    path("letters/deadlines/<int:pk>/delete/", views.deadline_delete, name="deadline-delete"),
]
