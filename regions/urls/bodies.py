from django.urls import path

from regions.views import bodies, commissioners, members

urlpatterns = [
    path("regions/<slug:code>/bodies/", bodies.body_list, name="body-list"),
    path("regions/<slug:code>/bodies/new/", bodies.body_create, name="body-create"),
    path("bodies/<int:pk>/", bodies.body_card, name="body"),
    path("bodies/<int:pk>/edit/", bodies.body_edit, name="body-edit"),
    path("bodies/<int:pk>/end/", bodies.body_end, name="body-end"),
    path("bodies/<int:pk>/document/", bodies.body_document, name="body-document"),
    path("bodies/<int:pk>/history/", bodies.body_history, name="body-history"),
    path("bodies/<int:pk>/members/new/", members.member_create, name="body-member-create"),
    path("body-members/<int:pk>/edit/", members.member_edit, name="body-member-edit"),
    path("body-members/<int:pk>/end/", members.member_end, name="body-member-end"),
    path("regions/<slug:code>/commissioner/new/", commissioners.commissioner_create, name="commissioner-create"),
    path("commissioners/<int:pk>/", commissioners.commissioner_card, name="commissioner"),
    path("commissioners/<int:pk>/edit/", commissioners.commissioner_edit, name="commissioner-edit"),
    path("commissioners/<int:pk>/accreditation/", commissioners.commissioner_accredit, name="commissioner-accredit"),
    path("commissioners/<int:pk>/end/", commissioners.commissioner_end, name="commissioner-end"),
    path("commissioners/<int:pk>/document/", commissioners.commissioner_document, name="commissioner-document"),
    path("commissioners/<int:pk>/history/", commissioners.commissioner_history, name="commissioner-history"),
]
