"""Addresses: the editor of questionnaires and other instruments."""

from django.urls import path

from surveys.views import questionnaires as views
from surveys.views.drafts import outline, questions, sections, translations, whole

VERSION = "questionnaire-versions/<int:pk>/"
DRAFT = f"{VERSION}edit/"

urlpatterns = [
    path("questionnaires/", views.questionnaire_list, name="questionnaire-list"),
    path("questionnaires/new/", views.questionnaire_create, name="questionnaire-create"),
    path("questionnaires/import/", views.questionnaire_import, name="questionnaire-import"),
    path("questionnaires/<int:pk>/", views.questionnaire_card, name="questionnaire"),
    path("questionnaires/<int:pk>/facts/", views.questionnaire_facts, name="questionnaire-facts"),
    path("questionnaires/<int:pk>/extend/", views.questionnaire_extend, name="questionnaire-extend"),
    path(VERSION, views.version_detail, name="questionnaire-version"),
    path(f"{VERSION}preview/", views.version_preview, name="version-preview"),
    path(f"{VERSION}questionnaire.json", views.version_json, name="version-json"),
    path(f"{VERSION}compare/<int:other>/", views.version_compare, name="version-compare"),
    path(f"{VERSION}copy/", views.version_copy, name="version-copy"),
    path(f"{VERSION}draft/", views.version_draft, name="version-draft"),
    path(f"{VERSION}retire/", views.version_retire, name="version-retire"),
    path(DRAFT, outline.edit, name="draft"),
    path(f"{DRAFT}settings/", outline.settings_edit, name="draft-settings"),
    path(f"{DRAFT}move/", outline.move, name="draft-move"),
    path(f"{DRAFT}sections/new/", sections.section_add, name="draft-section-add"),
    path(f"{DRAFT}sections/<str:code>/", sections.section_edit, name="draft-section"),
    path(f"{DRAFT}sections/<str:code>/remove/", sections.section_remove, name="draft-section-remove"),
    path(f"{DRAFT}sections/<str:code>/questions/new/", questions.question_add, name="draft-question-add"),
    path(f"{DRAFT}questions/<str:code>/", questions.question_edit, name="draft-question"),
    path(f"{DRAFT}questions/<str:code>/duplicate/", questions.question_duplicate, name="draft-question-duplicate"),
    path(f"{DRAFT}questions/<str:code>/remove/", questions.question_remove, name="draft-question-remove"),
    path(f"{DRAFT}translations/", translations.translations, name="draft-translations"),
    path(f"{DRAFT}translations/<str:language>/", translations.translation, name="draft-translation"),
    path(
        f"{DRAFT}translations/<str:language>/remove/", translations.translation_remove, name="draft-translation-remove"
    ),
    path(f"{DRAFT}import/", whole.replace, name="draft-import"),
    path(f"{DRAFT}discard/", whole.discard, name="draft-discard"),
    path(f"{DRAFT}publish/", whole.publish, name="draft-publish"),
]
