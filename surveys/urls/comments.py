"""Addresses: comments, their coding and search."""

from django.urls import path

from surveys.views import comments as views

urlpatterns = [
    path("comments/", views.comment_home, name="comment-home"),
    path("regions/<slug:code>/comments/", views.region_comments, name="region-comments"),
    path("regions/<slug:code>/comments/code/", views.comments_code, name="comments-code"),
    path("regions/<slug:code>/comments/readings/", views.raw_reading_list, name="raw-reading-list"),
    path("regions/<slug:code>/problems/", views.problem_list, name="problem-list"),
    path("problems/<int:pk>/remove/", views.problem_remove, name="problem-remove"),
    path("institutions/<int:pk>/comments/", views.institution_comments, name="institution-comments"),
    path("comments/<int:pk>/", views.comment, name="comment"),
    path("comments/<int:pk>/problem/", views.comment_problem, name="comment-problem"),
    path("comments/<int:pk>/take-back/", views.comment_take_back, name="comment-take-back"),
    path("comments/<int:pk>/as-typed/", views.comment_raw, name="comment-raw"),
]
