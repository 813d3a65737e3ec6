from django.urls import path

from regions.views import bodies as views

urlpatterns = [
    path("regions/<slug:code>/bodies/", views.body_list, name="body-list"),
    path("regions/<slug:code>/bodies/new/", views.body_create, name="body-create"),
    path("bodies/<int:pk>/", views.body_card, name="body"),
    path("bodies/<int:pk>/edit/", views.body_edit, name="body-edit"),
    path("bodies/<int:pk>/end/", views.body_end, name="body-end"),
    path("bodies/<int:pk>/document/", views.body_document, name="body-document"),
    path("bodies/<int:pk>/history/", views.body_history, name="body-history"),
    path("bodies/<int:pk>/members/new/", views.member_create, name="body-member-create"),
    path("body-members/<int:pk>/edit/", views.member_edit, name="body-member-edit"),
    path("body-members/<int:pk>/end/", views.member_end, name="body-member-end"),
    path("regions/<slug:code>/commissioner/new/", views.commissioner_create, name="commissioner-create"),
    path("commissioners/<int:pk>/", views.commissioner_card, name="commissioner"),
    path("commissioners/<int:pk>/edit/", views.commissioner_edit, name="commissioner-edit"),
    path("commissioners/<int:pk>/accreditation/", views.commissioner_accredit, name="commissioner-accredit"),
    path("commissioners/<int:pk>/end/", views.commissioner_end, name="commissioner-end"),
    path("commissioners/<int:pk>/document/", views.commissioner_document, name="commissioner-document"),
    path("commissioners/<int:pk>/history/", views.commissioner_history, name="commissioner-history"),
]
