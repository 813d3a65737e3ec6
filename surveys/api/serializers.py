"""What the API tells of surveys."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from regions.models import Institution, LifeSituation
from surveys.models import Questionnaire, QuestionnaireVersion, SurveyLink


class _Code(serializers.SlugRelatedField):
    """The code of what a row belongs to, if it does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="code", read_only=True, allow_null=True, **options)


class _LifeSituationField(serializers.SlugRelatedField):
    """A ЖС by its code; a code with a NUL is no code of any (PostgreSQL refuses to look for one)."""

    def to_internal_value(self, data: Any) -> LifeSituation:
        if not isinstance(data, str) or "\x00" in data:
            self.fail("invalid")
        return super().to_internal_value(data)


class InstitutionSerializer(serializers.ModelSerializer):
    region = serializers.CharField(source="region.code", help_text="Код региона")

    class Meta:
        model = Institution
        fields = ("id", "name", "region", "settlement")


class VersionSerializer(serializers.ModelSerializer):
    retired = serializers.SerializerMethodField(help_text="Снята: новые ссылки на неё не делаются")

    class Meta:
        model = QuestionnaireVersion
        fields = ("id", "number", "published_at", "retired", "digest")

    def get_retired(self, version: QuestionnaireVersion) -> bool:
        return version.is_retired


class VersionDocumentSerializer(VersionSerializer):
    document = serializers.JSONField(help_text="Определение анкеты: разделы, вопросы, условия, переводы")

    class Meta(VersionSerializer.Meta):
        fields = (*VersionSerializer.Meta.fields, "document")  # type: ignore[assignment]


class QuestionnaireSerializer(serializers.ModelSerializer):
    region = _Code(help_text="Код региона; пусто у Агентства")
    direction = _Code()
    life_situation = _Code()
    versions = VersionSerializer(many=True, source="published_versions")

    class Meta:
        model = Questionnaire
        fields = ("id", "code", "title", "kind", "region", "direction", "life_situation", "versions")


class LinkSerializer(serializers.ModelSerializer):
    life_situation = serializers.CharField(source="life_situation.code")
    state = serializers.SerializerMethodField()
    url = serializers.CharField(source="public_url")
    short_code = serializers.CharField(source="typed_code")
    answers = serializers.IntegerField(default=0)

    class Meta:
        model = SurveyLink
        fields = (
            "id",
            "institution",
            "life_situation",
            "version",
            "channel",
            "label",
            "target",
            "opens_on",
            "closes_on",
            "state",
            "url",
            "short_code",
            "answers",
        )

    def get_state(self, link: SurveyLink) -> str:
        return str(link.state(timezone.now()))


class LinkRequestSerializer(serializers.Serializer):
    """What a link is made of: the fields of the page's form."""

    institution = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    life_situation = _LifeSituationField(slug_field="code", queryset=LifeSituation.objects.all())
    channel = serializers.ChoiceField(choices=SurveyLink.Channel.choices)
    label = serializers.CharField(  # type: ignore[assignment]  # the name of the field, not the title
        max_length=100, required=False, default="", allow_blank=True
    )
    version = serializers.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        help_text="Версия анкеты; без неё — стандартная для жизненной ситуации",
    )
    target = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    opens_on = serializers.DateField()
    closes_on = serializers.DateField(required=False)


class ReopenSerializer(serializers.Serializer):
    closes_on = serializers.DateField(required=False, help_text="Новый последний день приёма")


class AnswersSerializer(serializers.Serializer):
    key = serializers.CharField(
        max_length=200, help_text="Ключ из описания анкеты: по нему ответы принимаются один раз"
    )
    answers = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        help_text="Код вопроса → ответ; код повторяющегося раздела → список объектов",
    )


class PublicQuestionnaireSerializer(serializers.Serializer):
    """What a respondent's program needs."""

    state = serializers.ChoiceField(choices=SurveyLink.State.choices)
    institution = serializers.CharField()
    life_situation = serializers.CharField()
    language = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    definition = serializers.JSONField()
    key = serializers.CharField(allow_null=True, help_text="Есть, пока ссылка открыта; новый при каждом запросе")


class ReceiptSerializer(serializers.Serializer):
    result = serializers.ChoiceField(choices=[("stored", "Приняты"), ("repeated", "Уже были приняты")])


class RefusalSerializer(serializers.Serializer):
    detail = serializers.CharField()


class ErrorsSerializer(serializers.Serializer):
    errors = serializers.DictField(  # type: ignore[assignment]  # in the answer, not of this serializer
        child=serializers.ListField(child=serializers.CharField())
    )


def page_of(rows: type[serializers.BaseSerializer], name: str) -> serializers.Serializer:
    """A page of a list, for the schema."""
    return inline_serializer(
        name,
        {
            "count": serializers.IntegerField(),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": rows(many=True),
        },
    )
