"""Results: those of an institution or a region for any days, and published quarters of a region."""

from typing import cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import SignedInRequest
from monitoring.api import serializers
from monitoring.api.forms import ResultsQuery
from monitoring.api.serializers import told, told_results
from monitoring.models import Collection
from monitoring.quarters import services
from monitoring.quarters.rows import institution_rows, region_rows
from monitoring.survey_results.views import Page, of_institution, of_region, results_of_page
from regions.models import RegionLifeSituation
from regions.permissions import Permission
from surveys.api.views import USUAL, WRONG
from surveys.models import SurveyLink

ASKED = [
    OpenApiParameter("period", str, description="Код отчётного периода, например 2026-Q4, или week, month, all"),
    OpenApiParameter("first", OpenApiTypes.DATE, description="Первый день, если период не назван"),
    OpenApiParameter("last", OpenApiTypes.DATE, description="Последний день, если период не назван"),
    OpenApiParameter("channel", str, description="Только этот канал", enum=SurveyLink.Channel.values),
    OpenApiParameter("version", int, description="Только эта версия анкеты"),
    OpenApiParameter("compare_first", OpenApiTypes.DATE, description="С какими днями сравнить: первый день"),
    OpenApiParameter("compare_last", OpenApiTypes.DATE, description="С какими днями сравнить: последний день"),
]


@extend_schema(
    operation_id="institution_results",
    parameters=[OpenApiParameter("life_situation", str, description="Код жизненной ситуации"), *ASKED],
    responses={200: serializers.InstitutionResultsSerializer, 422: WRONG, **USUAL},
)
@api_view(["GET"])
def institution_results(request: Request, pk: int) -> Response:
    """КПЭ и ответы на вопросы учреждения за любой период, с интервалами, и сравнение с другим периодом.

    Своему учреждению — за любые дни, другим — за целые недели и отчётные периоды. Слишком малых чисел и того, что их
    выдало бы, здесь нет: вместо значения причина.
    """
    page = of_institution(cast(SignedInRequest, request), pk, ResultsQuery)
    return _results(page, serializers.InstitutionResultsSerializer)


@extend_schema(
    operation_id="region_results",
    parameters=[OpenApiParameter("institution", int, description="Только это учреждение"), *ASKED],
    responses={200: serializers.RegionResultsSerializer, 422: WRONG, **USUAL},
)
@api_view(["GET"])
def region_results(request: Request, code: str, life_situation: str) -> Response:
    """КПЭ и ответы на вопросы региона за целые недели и отчётные периоды, с интервалами, и сравнение с другим периодом.

    Все ответы вместе, каждый человек считается одинаково: значение с весами учреждений — в опубликованном квартале.
    """
    page = of_region(cast(SignedInRequest, request), code, life_situation, ResultsQuery)
    return _results(page, serializers.RegionResultsSerializer)


def _results(page: Page, serializer: type[serializers.ResultsSerializer]) -> Response:
    if page.asking is None:
        if page.form.is_valid():
            raise NotFound("Учреждение не участвует ни в одной жизненной ситуации.")
        raise ValidationError({name: [str(one) for one in errors] for name, errors in page.form.errors.items()})
    return Response(serializer(told_results(page.asking, *results_of_page(page))).data)


@extend_schema(operation_id="quarter", responses={200: serializers.QuarterSerializer, **USUAL})
@api_view(["GET"])
def quarter(request: Request, code: str, life_situation: str, period: str) -> Response:
    """Опубликованный квартал региона: закреплённые значения региона и его учреждений."""
    places = RegionLifeSituation.objects.permitting(request.user, Permission.RESULTS_VIEW)
    collection = (
        Collection.objects.published()
        .with_places()
        .filter(
            region_life_situation__in=places.filter(region__code=code, life_situation__code=life_situation),
            period__code=period,
        )
        .first()
    )
    if collection is None:
        raise NotFound("Опубликованного квартала с таким адресом нет.")
    result = services.result_of(collection)
    return Response(
        serializers.QuarterSerializer(
            {
                "region": code,
                "life_situation": life_situation,
                "period": period,
                "published_at": collection.published_at,
                "checksum": result.checksum,
                "received": result.received,
                "eligible": result.eligible,
                "values": [
                    {**told(row.measure.code, row.shown), "verdict": row.verdict} for row in region_rows(result)
                ],
                "institutions": [
                    {
                        "institution": row.id,
                        "name": row.name,
                        "received": row.received,
                        "eligible": row.eligible,
                        "weight": row.weight,
                        "values": [told(measure, shown) for measure, shown in row.shown.items()],
                    }
                    for row in institution_rows(result)
                ],
            }
        ).data
    )
