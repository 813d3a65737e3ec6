"""Numbered blanks of a link: printing them and printing them again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from regions.lists import list_response
from surveys.forms.blanks import BlanksForm
from surveys.lists.blanks import BlankTable
from surveys.models import BlankBatch
from surveys.services import blanks as services
from surveys.services.documents import MOST_QUESTIONS, TooLong
from surveys.views.finding import link_crumbs, link_or_404, links_in_sight
from surveys.views.posters import file_response


@require_http_methods(["GET", "HEAD", "POST"])
def link_blanks(request: SignedInRequest, pk: int) -> HttpResponse:
    link = link_or_404(request, pk, *services.MAY_PRINT)
    form = BlanksForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            batch = services.reserve_blanks(link=link, count=form.cleaned_data["count"], by=request.user)
        except services.NoNumbersLeft:
            form.add_error("count", "Номера этой ссылки закончились. Создайте новую ссылку для бумажных анкет")
        else:
            messages.success(request, f"Бланки готовы: {batch}. Скачайте файл и распечатайте его.")
            return redirect("link-blanks", link.pk)
    batches = (
        BlankBatch.objects.filter(link=link)
        .select_related("printed_by", "link__version__questionnaire")
        .annotate(count=F("last") - F("first") + 1)
        .order_by("-first")
    )
    context = {
        "link": link,
        "institution": link.institution,
        "state": link.state(timezone.now()),
        "form": form,
        "crumbs": link_crumbs(link),
    }
    if form.is_bound:
        context |= {"table": None}
        return render(request, "surveys/blanks.html", context, status=422)
    return list_response(request, BlankTable(batches), "surveys/blanks.html", context, file_name=f"blanks-{link.pk}")


@require_safe
def blank_batch(request: SignedInRequest, pk: int) -> HttpResponse:
    """The blanks of a batch as PDF; ?lang= a language of the questionnaire. May be asked for any number of times."""
    visible = BlankBatch.objects.filter(link__in=links_in_sight(request))
    batch = get_object_or_404(
        visible.select_related("link__institution__region", "link__version__questionnaire"), pk=pk
    )
    if not services.may_print_blanks(request.user, batch.link.institution):
        raise PermissionDenied
    try:
        content = services.blanks_pdf(batch, request.GET.get("lang", ""))
    except TooLong:
        context = {"link": batch.link, "most_questions": MOST_QUESTIONS}
        return render(request, "surveys/document_refused.html", context, status=422)
    name = f"blanks-{batch.link.typed_code}-{batch.first:06d}-{batch.last:06d}.pdf"
    return file_response(content, "application/pdf", name)
