from django.urls import path

from regions.views import institution_import as importing
from regions.views import institutions as views
from regions.views import participations

ONE = "institutions/<int:pk>/"
OF_REGION = "regions/<slug:code>/institutions/"

urlpatterns = [
    path("institutions/", views.institution_list, name="institution-list"),
    path(ONE + "card/", views.institution_card, name="institution-card"),
    path(ONE + "history/", views.institution_history, name="institution-history"),
    path(ONE + "edit/", views.institution_edit, name="institution-edit"),
    path(ONE + "close/", views.institution_close, name="institution-close"),
    path(ONE + "reopen/", views.institution_reopen, name="institution-reopen"),
    path(ONE + "merge/", views.institution_merge, name="institution-merge"),
    path(ONE + "life-situations/new/", participations.participation_create, name="participation-create"),
    path("participations/<int:pk>/end/", participations.participation_end, name="participation-end"),
    path("participations/<int:pk>/transfer/", participations.participation_transfer, name="participation-transfer"),
    path(OF_REGION, views.region_institutions, name="region-institutions"),
    path(OF_REGION + "new/", views.institution_create, name="institution-create"),
    path(OF_REGION + "import/", importing.institution_import, name="institution-import"),
    path(OF_REGION + "import/template/", importing.institution_import_template, name="institution-import-template"),
]
