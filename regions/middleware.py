"""The role a person has chosen to act in: kept by the session, obeyed by `permissions.memberships_in_force`."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from simple_history.models import HistoricalRecords

SESSION_KEY = "acting_membership"


class ActingRoleMiddleware(MiddlewareMixin):
    """Lets a person act in one of their roles only; without a choice it asks the database nothing."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> None:
        # Public pages look at no session: see LoginRequiredMiddleware.
        if not getattr(view_func, "login_required", True) or not request.user.is_authenticated:
            return
        chosen = request.session.get(SESSION_KEY)
        if chosen is None:
            return
        membership = request.user.memberships.in_force_at(timezone.now()).filter(pk=chosen).first()
        if membership is None:
            # It has ended since: back to all roles, as if nothing had been chosen.
            del request.session[SESSION_KEY]
            return
        request.user.acting_membership_id = membership.pk  # type: ignore[attr-defined]
        request.user.acting_role = membership.get_role_display()  # type: ignore[attr-defined]


def note_acting_role(history_instance: Any, **kwargs: Any) -> None:
    """Write into a record of the history in which role the change was made, if one was chosen."""
    request = getattr(HistoricalRecords.context, "request", None)
    role = getattr(getattr(request, "user", None), "acting_role", None)
    if role and not history_instance.history_change_reason:
        history_instance.history_change_reason = role
