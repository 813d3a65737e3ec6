"""Where the comments of an institution are, for whoever may read them."""

from django import template
from django.template.context import RequestContext
from django.urls import reverse

from regions.models import Institution
from regions.permissions import Permission, may

register = template.Library()


@register.simple_tag(takes_context=True)
def comments_url(context: RequestContext, institution: Institution) -> str:
    """The address of the list of comments; empty for who may not read them."""
    request = getattr(context, "request", None)
    if request is None or not may(request.user, Permission.COMMENTS_VIEW, institution):
        return ""
    return reverse("institution-comments", args=[institution.pk])
