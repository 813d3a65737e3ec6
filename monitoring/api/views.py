"""Results: those of an institution for any days, and published quarters of a region."""

from typing import cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import SignedInRequest
from monitoring.api import serializers
from monitoring.api.serializers import told
from monitoring.models import Collection
from monitoring.quarters import services
from monitoring.quarters.rows import institution_rows, region_rows
from monitoring.survey_results.views import of_institution, results_of_page
from regions.models import RegionLifeSituation
from regions.permissions import Permission, may
from surveys.api.views import USUAL, WRONG


@extend_schema(
    operation_id="institution_results",
    parameters=[
        OpenApiParameter("life_situation", str, description="Код жизненной ситуации"),
        OpenApiParameter("period", str, description="Код отчётного периода, например 2026-Q4, или week, month, all"),
        OpenApiParameter("first", str, description="Первый день, например 2026-08-21"),
        OpenApiParameter("last", str, description="Последний день"),
        OpenApiParameter("channel", str, description="Только этот канал"),
        OpenApiParameter("version", str, description="Только эта версия анкеты"),
    ],
    responses={200: serializers.InstitutionResultsSerializer, 422: WRONG, **USUAL},
)
@api_view(["GET"])
def institution_results(request: Request, pk: int) -> Response:
    """КПЭ учреждения за любой период, с интервалами. Слишком малых чисел и того, что их выдало бы, здесь нет."""
    page = of_institution(cast(SignedInRequest, request), pk)
    if page.asking is None:
        if page.form.is_valid():
            raise NotFound("Учреждение не участвует ни в одной жизненной ситуации.")
        raise ValidationError({name: [str(one) for one in errors] for name, errors in page.form.errors.items()})
    results, _ = results_of_page(page)
    return Response(
        serializers.InstitutionResultsSerializer(
            {
                "institution": pk,
                "life_situation": page.asking.life_situation.code,
                "first": results.first,
                "last": results.last,
                "received": results.counts.received,
                "eligible": results.counts.eligible,
                "values": [told(row.measure.code, row.shown) for row in results.indicators],
            }
        ).data
    )


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
    sees_institutions = may(request.user, Permission.REGION_VIEW, collection.region_life_situation)
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
                    for row in (institution_rows(result) if sees_institutions else [])
                ],
            }
        ).data
    )
