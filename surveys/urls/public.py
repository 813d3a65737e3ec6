"""Addresses anyone may open: the questionnaire of a link, and the form to type its short code."""

from django.urls import path

from surveys.filling import public

urlpatterns = [
    path("s/", public.enter_code, name="answer-by-code"),
    # A typed short code works in the place of a token.
    path("s/<str:token>/", public.answer, name="answer"),
    path("s/<str:token>/feedback/", public.feedback, name="answer-feedback"),
]
