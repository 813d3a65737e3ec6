"""What the API tells of results: what the pages show, as numbers."""

from rest_framework import serializers

from monitoring.display import Shown
from monitoring.quarters.rows import CATALOGUE, VERDICTS


class ValueSerializer(serializers.Serializer):
    """A value with its interval. Too few answers: no value, and a note why."""

    measure = serializers.ChoiceField(choices=[(code, one.title) for code, one in CATALOGUE.items()])
    title = serializers.CharField()
    unit = serializers.CharField()
    value = serializers.DecimalField(max_digits=9, decimal_places=1, allow_null=True)
    low = serializers.DecimalField(max_digits=9, decimal_places=1, allow_null=True)
    high = serializers.DecimalField(max_digits=9, decimal_places=1, allow_null=True)
    n = serializers.IntegerField(help_text="Ответов на этот вопрос")
    note = serializers.CharField()


class RegionValueSerializer(ValueSerializer):
    verdict = serializers.ChoiceField(choices=[(one, title) for one, title in VERDICTS.items()], allow_null=True)


class InstitutionResultsSerializer(serializers.Serializer):
    institution = serializers.IntegerField()
    life_situation = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField()
    received = serializers.IntegerField()
    eligible = serializers.IntegerField()
    values = ValueSerializer(many=True)


class InstitutionOfQuarterSerializer(serializers.Serializer):
    institution = serializers.IntegerField()
    name = serializers.CharField()
    received = serializers.IntegerField()
    eligible = serializers.IntegerField()
    weight = serializers.IntegerField(allow_null=True)
    values = ValueSerializer(many=True)


class QuarterSerializer(serializers.Serializer):
    region = serializers.CharField()
    life_situation = serializers.CharField()
    period = serializers.CharField()
    published_at = serializers.DateTimeField()
    checksum = serializers.CharField()
    received = serializers.IntegerField()
    eligible = serializers.IntegerField()
    values = RegionValueSerializer(many=True)
    institutions = InstitutionOfQuarterSerializer(
        many=True, help_text="Пусто для того, кто видит только регион в целом"
    )


def told(code: str, shown: Shown) -> dict[str, object]:
    measure = CATALOGUE[code]
    return {
        "measure": code,
        "title": measure.title,
        "unit": measure.unit.title,
        "value": shown.value,
        "low": shown.low,
        "high": shown.high,
        "n": shown.n,
        "note": shown.note,
    }
