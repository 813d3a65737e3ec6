"""Methodical materials: list, card with versions, publishing, download."""

from typing import Any
from urllib.parse import urlsplit

import django_filters
import django_tables2 as tables
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import A

from accounts.http import SignedInRequest
from regions.forms.materials import MaterialForm, NewMaterialForm, VersionForm
from regions.history import Change, changes, together
from regions.lists import NUMBER, ListTable, list_response
from regions.models import LifeSituation, Material, MaterialVersion
from regions.pages import form_page
from regions.permissions import Permission, may_anywhere
from regions.roles import Role
from regions.services import materials as services
from regions.uploads import stored_file_response

FOR_ALL = "для всех"


class MaterialFilter(django_filters.FilterSet):
    title = django_filters.CharFilter(method="filter_title", label="Название")
    life_situation = django_filters.ModelChoiceFilter(
        queryset=LifeSituation.objects.none(),
        to_field_name="code",
        label="Жизненная ситуация",
        empty_label="Все ЖС",
    )
    role = django_filters.ChoiceFilter(
        choices=Role.choices, method="filter_role", label="Для роли", empty_label="Все роли"
    )
    withdrawn = django_filters.ChoiceFilter(
        choices=[("no", "Опубликованные"), ("yes", "Снятые с публикации")],
        method="filter_withdrawn",
        label="Состояние",
        empty_label="Все",
    )

    class Meta:
        model = Material
        fields = ("title", "life_situation", "role", "withdrawn")

    def __init__(self, *args: Any, publishes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["life_situation"].queryset = LifeSituation.objects.filter(materials__in=self.queryset).distinct()
        if not publishes:
            # Readers are shown what is published for their own roles.
            del self.filters["role"], self.filters["withdrawn"]

    def filter_title(self, queryset: QuerySet[Material], name: str, value: str) -> QuerySet[Material]:
        return queryset.titled(value)  # type: ignore[attr-defined]

    def filter_role(self, queryset: QuerySet[Material], name: str, value: str) -> QuerySet[Material]:
        return queryset.for_roles({value})  # type: ignore[attr-defined]

    def filter_withdrawn(self, queryset: QuerySet[Material], name: str, value: str) -> QuerySet[Material]:
        return queryset.filter(withdrawn_at__isnull=value == "no")


class MaterialTable(ListTable):
    title = tables.Column("Материал", linkify=("material", [A("pk")]))
    life_situation = tables.Column("Жизненная ситуация", empty_values=(), order_by="life_situation__short_title")
    roles = tables.Column("Для ролей", orderable=False, empty_values=())
    newest_number = tables.Column("Версия", attrs=NUMBER, default="нет")
    newest_published_at = tables.DateTimeColumn(verbose_name="Обновлён", format="d.m.Y", default="")
    withdrawn_at = tables.DateTimeColumn(verbose_name="Снят с публикации", format="d.m.Y", default="")

    class Meta(ListTable.Meta):
        model = Material
        fields = ("title", "life_situation", "roles", "newest_number", "newest_published_at", "withdrawn_at")

    def render_life_situation(self, record: Material) -> str:
        return record.life_situation.short_title if record.life_situation else "ко всем"

    value_life_situation = render_life_situation

    def render_roles(self, value: list[str]) -> str:
        return _role_titles(value)

    value_roles = render_roles


def _role_titles(roles: list[str]) -> str:
    titles = dict(Role.choices)
    return "; ".join(str(titles.get(role, role)) for role in roles) or FOR_ALL


def _publishes(request: SignedInRequest) -> bool:
    return may_anywhere(request.user, Permission.MATERIALS_PUBLISH)


def _material(request: SignedInRequest, pk: int, *, to_change: bool = False) -> Material:
    """A material the person sees: 404 when it is not for them, 403 when it is, but they do not publish."""
    material = get_object_or_404(Material.objects.visible_to(request.user).select_related("life_situation"), pk=pk)
    if to_change and not _publishes(request):
        raise PermissionDenied
    return material


@require_safe
def material_list(request: SignedInRequest) -> HttpResponse:
    publishes = _publishes(request)
    visible = Material.objects.visible_to(request.user)
    found = MaterialFilter(request.GET, visible, request=request, publishes=publishes)
    rows = found.qs.select_related("life_situation").with_newest_version().order_by("title", "pk")
    table = MaterialTable(rows, exclude=() if publishes else ("roles", "withdrawn_at"))
    context = {"filter": found, "publishes": publishes, "is_filtered": bool(request.GET)}
    return list_response(request, table, "regions/materials/list.html", context, file_name="materials")


@require_safe
def material(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _material(request, pk)
    versions = [
        {"version": version, "host": urlsplit(version.url).hostname or ""}
        for version in found.versions.select_related("published_by")
    ]
    context = {
        "material": found,
        "versions": versions,
        "role_titles_of_material": _role_titles(found.roles),
        "publishes": _publishes(request),
    }
    return render(request, "regions/materials/card.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def material_create(request: SignedInRequest) -> HttpResponse:
    if not _publishes(request):
        raise PermissionDenied
    form = NewMaterialForm(*_sent(request))
    if form.is_valid():
        made = services.publish(**_about(form), edition=form.edition(), by=request.user, at=timezone.now())
        messages.success(request, "Материал опубликован.")
        return redirect("material", made.pk)
    return form_page(
        request,
        form,
        title="Новый материал",
        submit="Опубликовать",
        crumbs=[_list_crumb()],
    )


@require_http_methods(["GET", "HEAD", "POST"])
def material_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _material(request, pk, to_change=True)
    # The form writes into a copy.
    form = MaterialForm(*_sent(request), instance=_material(request, pk))
    if form.is_valid():
        services.edit(material=found, **_about(form), by=request.user)
        messages.success(request, "Изменения сохранены.")
        return redirect("material", found.pk)
    return form_page(request, form, title="Изменить материал", submit="Сохранить", crumbs=_crumbs(found))


@require_http_methods(["GET", "HEAD", "POST"])
def material_version_create(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _material(request, pk, to_change=True)
    form = VersionForm(*_sent(request), initial={"number": found.next_number})
    if form.is_valid():
        number = form.cleaned_data["number"]
        try:
            services.add_version(
                material=found, number=number, edition=form.edition(), by=request.user, at=timezone.now()
            )
        except services.VersionTaken:
            form.add_error(
                None,
                f"Версия {number} уже опубликована. Посмотрите её на странице материала и, если нужна ещё одна, "
                "приложите файл снова",
            )
            form.accept(found.next_number)
        else:
            messages.success(request, f"Версия {number} опубликована.")
            return redirect("material", found.pk)
    return form_page(request, form, title="Новая версия", submit="Опубликовать", crumbs=_crumbs(found))


@require_POST
def material_withdraw(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    found = _material(request, pk, to_change=True)
    services.withdraw(material=found, by=request.user, at=timezone.now())
    messages.success(request, "Материал снят с публикации.")
    return redirect("material", found.pk)


@require_POST
def material_restore(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    found = _material(request, pk, to_change=True)
    services.restore(material=found, by=request.user)
    messages.success(request, "Материал снова опубликован.")
    return redirect("material", found.pk)


@require_safe
def material_history(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _material(request, pk, to_change=True)
    context = {
        "title": found.title,
        "crumbs": _crumbs(found),
        "changes": together(changes(Material.history.filter(id=found.pk)), _editions(found)),
    }
    return render(request, "pages/history.html", context)


def _editions(material: Material) -> list[Change]:
    """The versions of a material as changes: they never change themselves, so they keep no history of their own."""
    return [
        Change(one.published_at, str(one.published_by or ""), "опубликовано", f"{one}. {one.note}".rstrip(". "), [])
        for one in material.versions.select_related("published_by", "material")
    ]


@require_safe
def material_file(request: SignedInRequest, pk: int) -> FileResponse:
    versions = MaterialVersion.objects.filter(material__in=Material.objects.visible_to(request.user))
    version = get_object_or_404(versions, pk=pk)
    if not version.file:
        raise Http404
    return stored_file_response(version.file, version.file_name)


def _sent(request: SignedInRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _about(form: MaterialForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("title", "description", "roles", "life_situation")}


def _list_crumb() -> dict[str, str]:
    return {"title": "Материалы", "url": reverse("material-list")}


def _crumbs(found: Material) -> list[dict[str, str]]:
    return [_list_crumb(), {"title": found.title, "url": reverse("material", args=[found.pk])}]
