from django.urls import path

from regions.views import materials as views

urlpatterns = [
    path("materials/", views.material_list, name="material-list"),
    path("materials/new/", views.material_create, name="material-create"),
    path("materials/<int:pk>/", views.material, name="material"),
    path("materials/<int:pk>/edit/", views.material_edit, name="material-edit"),
    path("materials/<int:pk>/versions/new/", views.material_version_create, name="material-version-create"),
    path("materials/<int:pk>/withdraw/", views.material_withdraw, name="material-withdraw"),
    path("materials/<int:pk>/restore/", views.material_restore, name="material-restore"),
    path("materials/<int:pk>/history/", views.material_history, name="material-history"),
    path("material-versions/<int:pk>/file/", views.material_file, name="material-file"),
]
