"""What the API tells of results: what the pages show, as numbers."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from monitoring.display import Shown
from monitoring.quarters.rows import CATALOGUE, VERDICTS
from monitoring.survey_results.reading import Asking, Change, Comparison, QuestionResult, Results
from surveys.counting.differences import Direction
from surveys.counting.distributions import Numbers
from surveys.counting.statistics import round_half_up
from surveys.models import SurveyLink


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


def _number(**options: Any) -> serializers.DecimalField:
    """A number of a question of one's own, as large as its questionnaire allows."""
    return serializers.DecimalField(max_digits=None, decimal_places=None, **options)


class FiguresSerializer(serializers.Serializer):
    value = _number(allow_null=True)
    low = _number(allow_null=True)
    high = _number(allow_null=True)
    n = serializers.IntegerField()
    note = serializers.CharField()


class OptionSerializer(serializers.Serializer):
    code = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField(help_text="Сколько человек выбрали этот ответ")
    share = _number(allow_null=True, help_text="Доля ответивших на вопрос, %")
    low = _number(allow_null=True)
    high = _number(allow_null=True)


class BarSerializer(serializers.Serializer):
    low = _number()
    high = _number(help_text="Само это число — в следующей строке, если low и high различаются")
    count = serializers.IntegerField()


class NumbersSerializer(serializers.Serializer):
    mean = _number()
    low = _number(allow_null=True)
    high = _number(allow_null=True)
    median = _number()
    lowest = _number()
    highest = _number()
    bars = BarSerializer(many=True)


class QuestionSerializer(serializers.Serializer):
    """A question and its answers. Hidden: no answers, and a note why."""

    key = serializers.CharField(help_text="Вопрос во всех версиях анкеты; у вопросов КПЭ «m-» и код показателя")
    code = serializers.CharField(help_text="Код в новейшей версии анкеты")
    type = serializers.CharField()
    title = serializers.CharField()
    section = serializers.CharField()
    unit = serializers.CharField()
    is_repeated = serializers.BooleanField(help_text="Раздел заполняют несколько раз: n — число блоков")
    n = serializers.IntegerField(help_text="Ответили на этот вопрос")
    is_hidden = serializers.BooleanField()
    note = serializers.CharField()
    options = OptionSerializer(many=True, allow_null=True, help_text="Ответы на выбор; у других вопросов нет")
    numbers = NumbersSerializer(allow_null=True, help_text="Ответы числом; у других вопросов нет")


class ChangeSerializer(serializers.Serializer):
    code = serializers.CharField(allow_null=True, help_text="Показатель или ответ на выбор; у среднего нет")
    title = serializers.CharField()
    unit = serializers.CharField()
    before = FiguresSerializer()
    after = FiguresSerializer()
    difference = _number(allow_null=True)
    low = _number(allow_null=True, help_text="95-процентный интервал разности")
    high = _number(allow_null=True)
    change = serializers.ChoiceField(
        choices=[
            (Direction.UP.value, "выросло"),
            (Direction.DOWN.value, "снизилось"),
            (Direction.WITHIN.value, "в пределах погрешности"),
        ],
        allow_null=True,
        help_text="Нет, когда сравнить нельзя: почему, сказано в words",
    )
    words = serializers.CharField()
    is_better = serializers.BooleanField(allow_null=True)


class QuestionChangesSerializer(serializers.Serializer):
    key = serializers.CharField()
    code = serializers.CharField()
    title = serializers.CharField()
    changes = ChangeSerializer(many=True)


class ComparisonSerializer(serializers.Serializer):
    """Earlier days beside those asked for; of questions those whose answers are shown of both."""

    first = serializers.DateField()
    last = serializers.DateField()
    received = serializers.IntegerField()
    eligible = serializers.IntegerField()
    values = ChangeSerializer(many=True)
    questions = QuestionChangesSerializer(many=True)


class ResultsSerializer(serializers.Serializer):
    life_situation = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField()
    channel = serializers.ChoiceField(choices=SurveyLink.Channel.choices, allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    received = serializers.IntegerField(help_text="Поступило ответов к анкетам, из которых считаются КПЭ")
    eligible = serializers.IntegerField(help_text="Учтено для КПЭ")
    too_late = serializers.IntegerField(help_text="Ответили слишком поздно после услуги")
    excluded = serializers.IntegerField(help_text="Исключено решением двух человек")
    others = serializers.IntegerField(help_text="Поступило к анкетам не для КПЭ")
    after_publication = serializers.IntegerField(help_text="Пришло после публикации квартала, здесь не считается")
    values = ValueSerializer(many=True)
    questions = QuestionSerializer(many=True)
    comparison = ComparisonSerializer(allow_null=True)


class InstitutionResultsSerializer(ResultsSerializer):
    institution = serializers.IntegerField()


class RegionResultsSerializer(ResultsSerializer):
    region = serializers.CharField()
    institution = serializers.IntegerField(allow_null=True)


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
    institutions = InstitutionOfQuarterSerializer(many=True)


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


def told_results(asking: Asking, results: Results, comparison: Comparison | None) -> dict[str, object]:
    """What the page of results shows."""
    counts = results.counts
    return {
        "region": asking.region.code,
        "institution": asking.institution and asking.institution.pk,
        "life_situation": asking.life_situation.code,
        "first": results.first,
        "last": results.last,
        "channel": asking.channel or None,
        "version": asking.version and asking.version.pk,
        "received": counts.received,
        "eligible": counts.eligible,
        "too_late": counts.too_late,
        "excluded": counts.excluded,
        "others": counts.others,
        "after_publication": results.late,
        "values": [told(row.measure.code, row.shown) for row in results.indicators],
        "questions": [_question(one) for one in results.questions],
        "comparison": comparison and _comparison(comparison),
    }


def _question(one: QuestionResult) -> dict[str, object]:
    asked, found = one.asked, one.distribution
    options = [
        {
            "code": share.code,
            "title": share.title,
            "count": share.count,
            "share": _rounded(share.share.value),
            "low": _rounded(share.share.low),
            "high": _rounded(share.share.high),
        }
        for share in (found.shares if found else ())
    ]
    return {
        "key": asked.key,
        "code": asked.code,
        "type": asked.type,
        "title": asked.text,
        "section": asked.section,
        "unit": asked.unit,
        "is_repeated": asked.is_repeated,
        "n": one.n,
        "is_hidden": one.is_hidden,
        "note": one.note,
        "options": options or None,
        "numbers": _numbers(found.numbers) if found and found.numbers else None,
    }


def _numbers(found: Numbers) -> dict[str, object]:
    return {
        "mean": _rounded(found.mean.value),
        "low": _rounded(found.mean.low),
        "high": _rounded(found.mean.high),
        "median": _rounded(float(found.median)),
        "lowest": _rounded(float(found.lowest)),
        "highest": _rounded(float(found.highest)),
        "bars": [{"low": bar.low, "high": bar.high, "count": bar.count} for bar in found.bars],
    }


def _comparison(comparison: Comparison) -> dict[str, object]:
    before = comparison.before
    return {
        "first": before.first,
        "last": before.last,
        "received": before.counts.received,
        "eligible": before.counts.eligible,
        "values": [_change(one) for one in comparison.measures],
        "questions": [
            {
                "key": one.asked.key,
                "code": one.asked.code,
                "title": one.asked.text,
                "changes": [_change(change) for change in one.changes],
            }
            for one in comparison.questions
        ],
    }


def _change(change: Change) -> dict[str, object]:
    found = change.difference
    return {
        "code": change.code or None,
        "title": change.title,
        "unit": change.unit.title,
        "before": _figures(change.before),
        "after": _figures(change.after),
        "difference": _rounded(found.value) if found else None,
        "low": _rounded(found.low) if found else None,
        "high": _rounded(found.high) if found else None,
        "change": found.direction if found else None,
        "words": change.words,
        "is_better": change.is_better,
    }


def _figures(shown: Shown) -> dict[str, object]:
    return {"value": shown.value, "low": shown.low, "high": shown.high, "n": shown.n, "note": shown.note}


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None else round_half_up(value)
