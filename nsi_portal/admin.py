"""«Справочники»: Django's admin, for reference data only and for the Agency's administrators only."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path, re_path

import monitoring.admin
import regions.admin
import surveys.admin
from accounts import second_factor

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class ReferenceSite(AdminSite):
    site_header = "Справочники портала НСИ"
    site_title = "Портал НСИ"
    index_title = "Справочники"

    def has_permission(self, request: HttpRequest) -> bool:
        """By the portal's own table of rights; with a second factor, whatever else lets people in without one."""
        return (
            request.user.is_authenticated
            and regions.admin.manages_catalogue(request)
            and second_factor.exists_for(request.user)
        )

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # Invisible to everybody else. Django would show a second sign-in form.
            if not self.has_permission(request):
                raise Http404
            return guarded(request, *args, **kwargs)

        return cast(View, inner)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Only what is used: people sign in, sign out and change their password on the portal's own pages."""
        labels = sorted({model._meta.app_label for model in self._registry})
        return [
            path("", self.admin_view(self.index), name="index"),
            path("jsi18n/", self.admin_view(self.i18n_javascript, cacheable=True), name="jsi18n"),
            re_path(rf"^(?P<app_label>{'|'.join(labels)})/$", self.admin_view(self.app_index), name="app_list"),
            *(
                path(f"{model._meta.app_label}/{model._meta.model_name}/", include(one.get_urls()))
                for model, one in self._registry.items()
            ),
        ]


site = ReferenceSite()
for model, model_admin in (regions.admin.ADMINS | surveys.admin.ADMINS | monitoring.admin.ADMINS).items():
    site.register(model, model_admin)
