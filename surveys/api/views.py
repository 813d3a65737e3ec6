"""Links, questionnaires, public submission: over the querysets, forms and services of the pages."""

import re
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.db.models import Model, Prefetch, QuerySet
from django.forms import BaseForm
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import api_view, authentication_classes, permission_classes, throttle_classes
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import User
from regions.models import Institution
from regions.permissions import Permission, require
from surveys.api import serializers
from surveys.api.throttles import ByAddress
from surveys.api.values import sent_from
from surveys.filling import pages
from surveys.filling.page_keys import BadPageKey, new_page_key, read_page_key
from surveys.forms.links import FORM_KEY, LinkForm, ReopenForm
from surveys.links.tokens import is_token
from surveys.models import Questionnaire, QuestionnaireVersion, SurveyLink
from surveys.questionnaires.answers import InvalidAnswers
from surveys.services import links as services
from surveys.services.arriving import Arrival
from surveys.services.submission import Destination, NotOpen, submit

Row = TypeVar("Row", bound=Model)

PAGE = OpenApiParameter("page", int, description="Номер страницы, по 100 строк")
REFUSED = OpenApiResponse(serializers.RefusalSerializer)
WRONG = OpenApiResponse(serializers.ErrorsSerializer, description="Поле → что не так")
USUAL = {400: REFUSED, 401: REFUSED, 403: REFUSED, 404: REFUSED, 429: REFUSED}
ONCE = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Ключ запроса: повтор с тем же ключом новой ссылки не создаёт. Латинские буквы, цифры, «-» и «_»",
    pattern=f"^{FORM_KEY}$",
)
NOT_NOW = OpenApiResponse(serializers.RefusalSerializer, description="В этом состоянии ссылки так не сделать")


def _person(request: Request) -> User:
    # The default permission has turned everybody else away.
    return cast(User, request.user)


def paged(request: Request, rows: QuerySet[Row], serializer: type[BaseSerializer]) -> Response:
    number = request.query_params.get("page", "1")
    if not number.isascii() or not number.isdigit():
        # The paginator takes nothing for the first page.
        raise NotFound("Страницы с таким номером нет.")
    pages_of = PageNumberPagination()
    pages_of.page_size = 100
    found = pages_of.paginate_queryset(rows, request)
    return pages_of.get_paginated_response(serializer(found, many=True).data)


# Places and questionnaires --------------------------------------------------------------------------------------------


@extend_schema(
    operation_id="institutions",
    parameters=[PAGE, OpenApiParameter("region", str, description="Код региона")],
    responses={200: serializers.page_of(serializers.InstitutionSerializer, "InstitutionPage"), **USUAL},
)
@api_view(["GET"])
def institution_list(request: Request) -> Response:
    """Учреждения, которые видит владелец ключа."""
    found = Institution.objects.permitting(request.user, Permission.INSTITUTION_VIEW).select_related("region")
    if code := request.query_params.get("region"):
        found = found.filter(region__code=code)
    return paged(request, found.order_by("pk"), serializers.InstitutionSerializer)


@extend_schema(
    operation_id="questionnaires",
    parameters=[PAGE],
    responses={200: serializers.page_of(serializers.QuestionnaireSerializer, "QuestionnairePage"), **USUAL},
)
@api_view(["GET"])
def questionnaire_list(request: Request) -> Response:
    """Анкеты и другие инструменты с их опубликованными версиями."""
    versions = QuestionnaireVersion.objects.published().select_related("retirement").defer("document")
    found = (
        Questionnaire.objects.visible_to(request.user)
        .select_related("region", "direction", "life_situation")
        .prefetch_related(Prefetch("versions", versions, to_attr="published_versions"))
    )
    return paged(request, found.order_by("pk"), serializers.QuestionnaireSerializer)


@extend_schema(
    operation_id="questionnaire_version",
    responses={200: serializers.VersionDocumentSerializer, **USUAL},
)
@api_view(["GET"])
def version(request: Request, pk: int) -> Response:
    """Определение одной опубликованной версии анкеты."""
    visible = Questionnaire.objects.visible_to(request.user)
    found = get_object_or_404(
        QuestionnaireVersion.objects.published().select_related("retirement"), pk=pk, questionnaire__in=visible
    )
    return Response(serializers.VersionDocumentSerializer(found).data)


# Links ----------------------------------------------------------------------------------------------------------------


def _links(request: Request) -> QuerySet[SurveyLink]:
    # A link's address lets anybody answer, so seeing it is managing it.
    return SurveyLink.objects.permitting(request.user, Permission.LINK_MANAGE).with_places().with_answer_counts()


def _link(request: Request, pk: int) -> SurveyLink:
    """404 when the institution is not theirs to see, 403 when only to see: as on the pages."""
    visible = SurveyLink.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    link = get_object_or_404(visible.with_places().with_answer_counts(), pk=pk)
    require(request.user, Permission.LINK_MANAGE, link.institution)
    return link


def _told(link: SurveyLink, status: HTTPStatus = HTTPStatus.OK) -> Response:
    fresh = SurveyLink.objects.with_places().with_answer_counts().get(pk=link.pk)
    return Response(serializers.LinkSerializer(fresh).data, status=status)


@extend_schema(
    methods=["GET"],
    operation_id="links",
    parameters=[PAGE, OpenApiParameter("institution", int, description="Только этого учреждения")],
    responses={200: serializers.page_of(serializers.LinkSerializer, "LinkPage"), 422: WRONG, **USUAL},
)
@extend_schema(
    methods=["POST"],
    operation_id="create_link",
    request=serializers.LinkRequestSerializer,
    parameters=[ONCE],
    responses={
        200: OpenApiResponse(serializers.LinkSerializer, description="С этим ключом ссылка уже создана: вот она"),
        201: OpenApiResponse(serializers.LinkSerializer, description="Ссылка создана"),
        409: OpenApiResponse(serializers.RefusalSerializer, description="С этим ключом создана другая ссылка"),
        422: WRONG,
        **USUAL,
    },
)
@api_view(["GET", "POST"])
def link_list(request: Request) -> Response:
    """Ссылки учреждений, которыми управляет владелец ключа; новая ссылка."""
    if request.method == "POST":
        return _create_link(request)
    found = _links(request)
    institution = request.query_params.get("institution", "")
    if institution:
        if not institution.isascii() or not institution.isdigit() or len(institution) > 18:
            raise ValidationError({"institution": ["Введите номер учреждения."]})
        found = found.filter(institution=int(institution))
    return paged(request, found.order_by("pk"), serializers.LinkSerializer)


def _create_link(request: Request) -> Response:
    asked = serializers.LinkRequestSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    given: dict[str, Any] = asked.validated_data
    visible = Institution.objects.permitting(request.user, Permission.INSTITUTION_VIEW)
    institution = get_object_or_404(visible.select_related("region"), pk=given["institution"])
    require(request.user, Permission.LINK_MANAGE, institution)
    # The page's form decides what is well-formed: one rule for both doors.
    fields = {name: _plain(value) for name, value in given.items() if name != "institution"}
    form = LinkForm(
        # The key of a request is what the key of a page's form is.
        fields | {"life_situation": given["life_situation"].pk, "form_key": _request_key(request)},
        institution=institution,
        today=institution.region.local_date(),
    )
    if form.is_valid():
        try:
            return _told(
                services.create_link(institution=institution, by=_person(request), **form.cleaned_data),
                HTTPStatus.CREATED,
            )
        except services.NoQuestionnaire:
            form.add_error("life_situation", "Для этого направления ещё нет опубликованной анкеты")
        except services.UnsuitableQuestionnaire as error:
            form.add_error("version", str(error))
        except services.NotTakingPart as error:
            form.add_error("opens_on", str(error))
        except services.AlreadyMade as made:
            if made.is_same:
                return _told(made.link)
            detail = "С этим ключом уже создана другая ссылка. Для новой возьмите новый ключ."
            return Response({"detail": detail}, status=HTTPStatus.CONFLICT)
    raise _wrong(form)


def _request_key(request: Request) -> str:
    """What makes a request sent again the same one; empty when the program gives none."""
    key = request.headers.get(ONCE.name)
    if key is not None and not re.fullmatch(FORM_KEY, key):
        message = "Нужны от 16 до 40 латинских букв, цифр, «-» и «_»: например, случайный UUID."
        raise ValidationError({ONCE.name: [message]})
    return key or ""


def _wrong(form: BaseForm) -> ValidationError:
    return ValidationError({name: [str(one) for one in errors] for name, errors in form.errors.items()})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@extend_schema(operation_id="link", responses={200: serializers.LinkSerializer, **USUAL})
@api_view(["GET"])
def link_detail(request: Request, pk: int) -> Response:
    """Одна ссылка."""
    return Response(serializers.LinkSerializer(_link(request, pk)).data)


def _changed(request: Request, pk: int, change: Callable[..., None], **details: Any) -> Response:
    link = _link(request, pk)
    try:
        change(link=link, by=_person(request), at=timezone.now(), **details)
    except services.WrongState as error:
        return Response({"detail": f"{error}."}, status=HTTPStatus.CONFLICT)
    return _told(link)


@extend_schema(
    operation_id="pause_link", request=None, responses={200: serializers.LinkSerializer, 409: NOT_NOW, **USUAL}
)
@api_view(["POST"])
def link_pause(request: Request, pk: int) -> Response:
    """Приостановить приём: начатые анкеты ещё принимаются в течение часа. Повтор ничего не меняет."""
    return _changed(request, pk, services.pause_link)


@extend_schema(
    operation_id="resume_link", request=None, responses={200: serializers.LinkSerializer, 409: NOT_NOW, **USUAL}
)
@api_view(["POST"])
def link_resume(request: Request, pk: int) -> Response:
    """Продолжить приём после паузы. Повтор ничего не меняет."""
    return _changed(request, pk, services.resume_link)


@extend_schema(operation_id="close_link", request=None, responses={200: serializers.LinkSerializer, **USUAL})
@api_view(["POST"])
def link_close(request: Request, pk: int) -> Response:
    """Закрыть ссылку: начатые анкеты ещё принимаются в течение часа. Повтор ничего не меняет."""
    return _changed(request, pk, services.close_link)


@extend_schema(
    operation_id="reopen_link",
    request=serializers.ReopenSerializer,
    responses={200: serializers.LinkSerializer, 409: NOT_NOW, 422: WRONG, **USUAL},
)
@api_view(["POST"])
def link_reopen(request: Request, pk: int) -> Response:
    """Открыть закрытую ссылку снова: адрес и короткий код прежние."""
    link = _link(request, pk)
    asked = serializers.ReopenSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    form = ReopenForm(asked.validated_data, today=link.institution.region.local_date())
    if form.is_valid():
        try:
            return _changed(request, pk, services.reopen_link, **form.cleaned_data)
        except (services.BadWindow, services.NotTakingPart) as error:
            form.add_error("closes_on", str(error))
    raise _wrong(form)


# Answering ------------------------------------------------------------------------------------------------------------


def _card(token: str) -> pages.Card:
    card = pages.find_card(token) if is_token(token) else None
    if card is None:
        raise Http404
    return card


@extend_schema(
    operation_id="public_questionnaire",
    auth=[],
    parameters=[OpenApiParameter("lang", str, description="Язык анкеты")],
    responses={200: serializers.PublicQuestionnaireSerializer, 404: REFUSED, 429: REFUSED},
)
@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
@throttle_classes([ByAddress])
def public_questionnaire(request: Request, token: str) -> Response:
    """Анкета по ссылке и ключ, с которым отправляются ответы. Имя, адрес и устройство не спрашиваются и не хранятся."""
    card = _card(token)
    now = timezone.now()
    definition = card.definition.translated(request.query_params.get("lang", ""))
    state = card.link.state(now)
    is_open = state == SurveyLink.State.OPEN
    return Response(
        serializers.PublicQuestionnaireSerializer(
            {
                "state": state,
                "institution": card.institution,
                "life_situation": card.life_situation,
                "language": definition.language,
                "languages": card.definition.languages,
                "definition": {name: part for name, part in definition.document().items() if name != "translations"},
                "key": new_page_key(card.link.pk, now).signed if is_open else None,
            }
        ).data,
        headers={"Cache-Control": "no-store"},
    )


@extend_schema(
    operation_id="public_answers",
    auth=[],
    request=serializers.AnswersSerializer,
    responses={
        200: OpenApiResponse(serializers.ReceiptSerializer, description="Те же ответы с этим ключом уже приняты"),
        201: OpenApiResponse(serializers.ReceiptSerializer, description="Ответы приняты"),
        400: REFUSED,
        403: OpenApiResponse(serializers.RefusalSerializer, description="Ссылка ещё не открыта"),
        404: REFUSED,
        409: OpenApiResponse(serializers.RefusalSerializer, description="С этим ключом приняты другие ответы"),
        410: OpenApiResponse(serializers.RefusalSerializer, description="Ссылка закрыта или приостановлена"),
        413: REFUSED,
        415: REFUSED,
        422: WRONG,
        429: REFUSED,
    },
)
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
@throttle_classes([ByAddress])
def public_answers(request: Request, token: str) -> Response:
    """Отправить ответы. Повтор с тем же ключом безопасен: ответы принимаются ровно один раз."""
    card = _card(token)
    asked = serializers.AnswersSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    now = timezone.now()
    try:
        key = read_page_key(card.link.pk, asked.validated_data["key"])
        sent = sent_from(card.definition, asked.validated_data["answers"])
        arrival = submit(Destination(card.link, card.origin, card.definition), key, sent, now=now, meta=request.META)
    except BadPageKey:
        raise ValidationError({"key": ["Ключ не от этой ссылки или повреждён: запросите анкету ещё раз."]}) from None
    except InvalidAnswers as invalid:
        raise ValidationError({name: [message] for name, message in invalid.errors.items()}) from None
    except NotOpen:
        return _not_open(card.link.state(now))
    if arrival == Arrival.CONFLICT:
        detail = "С этим ключом уже приняты другие ответы. Первые сохранены; для новой анкеты запросите новый ключ."
        return Response({"detail": detail}, status=HTTPStatus.CONFLICT)
    status = HTTPStatus.CREATED if arrival == Arrival.STORED else HTTPStatus.OK
    return Response({"result": str(arrival)}, status=status, headers={"Cache-Control": "no-store"})


def _not_open(state: SurveyLink.State) -> Response:
    if state == SurveyLink.State.NOT_YET_OPEN:
        return Response({"detail": "Приём ответов ещё не начался."}, status=HTTPStatus.FORBIDDEN)
    detail = "Приём ответов приостановлен." if state == SurveyLink.State.PAUSED else "Приём ответов закончен."
    return Response({"detail": detail}, status=HTTPStatus.GONE)
