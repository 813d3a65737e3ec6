"""Pages of one's own keys of the API."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import api_tokens
from accounts.forms import ApiTokenForm
from accounts.http import SignedInRequest
from accounts.models import ApiToken


@require_safe
def token_list(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    tokens = [(token, token.is_in_force(now)) for token in request.user.api_tokens.all()[:100]]
    return render(request, "account/api/tokens.html", {"tokens": tokens})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def token_create(request: SignedInRequest) -> HttpResponse:
    """Make a key. It is shown on the answer to this form and never again."""
    form = ApiTokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            token, secret = api_tokens.issue(user=request.user, at=timezone.now(), **form.cleaned_data)
        except api_tokens.TooManyTokens:
            form.add_error(None, f"Ключей уже {api_tokens.MOST_IN_FORCE}. Отзовите те, что больше не нужны.")
        else:
            return render(request, "account/api/issued.html", {"token": token, "secret": secret})
    return render(request, "account/api/new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def token_revoke(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    token = get_object_or_404(ApiToken, user=request.user, pk=pk)
    api_tokens.revoke(token=token, at=timezone.now())
    messages.success(request, f"Ключ «{token.name}» больше не действует.")
    return redirect("api-tokens")
