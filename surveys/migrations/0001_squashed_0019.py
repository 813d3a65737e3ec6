"""Questionnaires, links, answers, their quality, comments. The database itself refuses to change or remove a published
version of a questionnaire.
"""

import django.core.serializers.json
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import regions.models.documents
import surveys.links.tokens

POSTGRESQL = [
    """
    CREATE FUNCTION surveys_version_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a published questionnaire version never changes' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER surveys_version_locked BEFORE UPDATE OR DELETE ON surveys_questionnaireversion
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION surveys_version_is_locked()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER surveys_version_locked ON surveys_questionnaireversion",
    "DROP FUNCTION surveys_version_is_locked()",
]
SQLITE = [
    f"""
    CREATE TRIGGER surveys_version_locked_{event.lower()} BEFORE {event} ON surveys_questionnaireversion
    FOR EACH ROW WHEN OLD.published_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a published questionnaire version never changes'); END
    """
    for event in ("UPDATE", "DELETE")
]
SQLITE_BACK = [f"DROP TRIGGER surveys_version_locked_{event}" for event in ("update", "delete")]


def _run(postgresql, sqlite):
    def run(apps, schema_editor):
        for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
            schema_editor.execute(statement)

    return run


lock, unlock = _run(POSTGRESQL, SQLITE), _run(POSTGRESQL_BACK, SQLITE_BACK)

# For the search of comments by stems (surveys.comments.lookups.HasStems). SQLite reads the rows of the region.
CREATE_INDEX = "CREATE INDEX comment_stems ON surveys_comment USING gin (string_to_array(stems, ' '))"
DROP_INDEX = "DROP INDEX IF EXISTS comment_stems"


class Migration(migrations.Migration):
    initial = True
    # A database that has only some of them is refused: nsi_portal.checks.
    replaces = [
        ("surveys", "0001_initial"),
        ("surveys", "0002_published_versions_are_locked"),
        ("surveys", "0003_links_have_a_keeper"),
        ("surveys", "0004_the_creator_keeps_a_link"),
        ("surveys", "0005_questionnaires_fieldwork_quality_comments"),
        ("surveys", "0012_links_know_their_form"),
        ("surveys", "0014_entries_taken_back_and_problems_of_imports"),
        ("surveys", "0017_comments_are_searched_by_stems"),
        ("surveys", "0018_kept_forms_encrypted_journal_outlives"),
        ("surveys", "0019_fewer_indexes_of_answers"),
    ]

    dependencies = [
        ("accounts", "__first__"),
        ("regions", "0001_squashed_0005"),
    ]

    operations = [
        migrations.CreateModel(
            name="RollupState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rolled_up_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("differences", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Theme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="код")),
                ("title", models.CharField(max_length=100, verbose_name="тема")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="порядок")),
                ("is_active", models.BooleanField(default=True, verbose_name="используется")),
            ],
            options={
                "verbose_name": "тема комментариев",
                "verbose_name_plural": "темы комментариев",
                "ordering": ("order", "title"),
            },
        ),
        migrations.CreateModel(
            name="ChangeMade",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("said", models.CharField(max_length=300, verbose_name="вы сказали")),
                ("done", models.CharField(max_length=300, verbose_name="мы сделали")),
                ("done_on", models.DateField(verbose_name="когда сделано")),
                ("is_shown", models.BooleanField(default=True, verbose_name="показывать ответившим")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="внесено")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто внёс",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes_made",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
            ],
            options={
                "verbose_name": "сделанное изменение",
                "verbose_name_plural": "сделанные изменения",
                "ordering": ("-done_on", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("blank_number", models.PositiveIntegerField(blank=True, null=True, verbose_name="номер бланка")),
                ("entered_at", models.DateTimeField(verbose_name="введена")),
                (
                    "entered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто ввёл",
                    ),
                ),
            ],
            options={
                "verbose_name": "введённая анкета",
                "verbose_name_plural": "введённые анкеты",
                "ordering": ("-entered_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="HistoricalChangeMade",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("said", models.CharField(max_length=300, verbose_name="вы сказали")),
                ("done", models.CharField(max_length=300, verbose_name="мы сделали")),
                ("done_on", models.DateField(verbose_name="когда сделано")),
                ("is_shown", models.BooleanField(default=True, verbose_name="показывать ответившим")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="внесено")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто внёс",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical сделанное изменение",
                "verbose_name_plural": "historical сделанные изменения",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="LinkBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="создан")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто создал",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="link_batches",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "выпуск ссылок",
                "verbose_name_plural": "выпуски ссылок",
                "ordering": ("-created_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="ProcessStage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, verbose_name="код")),
                ("title", models.CharField(max_length=200, verbose_name="этап процесса")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="порядок")),
                ("is_active", models.BooleanField(default=True, verbose_name="используется")),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="process_stages",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
            ],
            options={
                "verbose_name": "этап процесса",
                "verbose_name_plural": "этапы процесса",
                "ordering": ("life_situation", "order", "title"),
                "constraints": [models.UniqueConstraint(fields=("life_situation", "code"), name="process_stage_once")],
            },
        ),
        migrations.CreateModel(
            name="ProblemDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=300, verbose_name="проблема")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="внесена")),
                ("taken_up_at", models.DateTimeField(blank=True, null=True, verbose_name="взята в дорожную карту")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто внёс",
                    ),
                ),
                (
                    "region_life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="problem_drafts",
                        to="regions.regionlifesituation",
                        verbose_name="ЖС региона",
                    ),
                ),
                (
                    "stage",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="surveys.processstage",
                        verbose_name="этап процесса",
                    ),
                ),
            ],
            options={
                "verbose_name": "проблема из комментариев",
                "verbose_name_plural": "проблемы из комментариев",
                "ordering": ("-created_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="Questionnaire",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="код")),
                ("title", models.CharField(max_length=200, verbose_name="название")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("questionnaire", "Анкета"),
                            ("interview_guide", "Гайд интервью"),
                            ("focus_group_guide", "Гайд фокус-группы"),
                            ("script", "Сценарий"),
                            ("observation_sheet", "Бланк наблюдения"),
                        ],
                        default="questionnaire",
                        max_length=20,
                        verbose_name="вид",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="создана"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто создал",
                    ),
                ),
                (
                    "direction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questionnaires",
                        to="regions.direction",
                        verbose_name="направление",
                    ),
                ),
                (
                    "extends",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extensions",
                        to="surveys.questionnaire",
                        verbose_name="дополняет анкету",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questionnaires",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questionnaires",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "анкета",
                "verbose_name_plural": "анкеты",
                "ordering": ("code",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("extends", None), ("region__isnull", False), _connector="OR"),
                        name="only_a_region_extends_a_questionnaire",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestionnaireVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="номер версии")),
                ("document", models.JSONField(verbose_name="определение")),
                ("digest", models.CharField(blank=True, max_length=64, verbose_name="контрольная сумма")),
                ("revision", models.PositiveIntegerField(default=0, verbose_name="правка")),
                ("edited_at", models.DateTimeField(blank=True, null=True, verbose_name="изменена")),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="опубликована")),
                (
                    "base",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="surveys.questionnaireversion",
                        verbose_name="основа",
                    ),
                ),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто изменил",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто опубликовал",
                    ),
                ),
                (
                    "questionnaire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="surveys.questionnaire"
                    ),
                ),
            ],
            options={
                "verbose_name": "версия анкеты",
                "verbose_name_plural": "версии анкет",
                "ordering": ("questionnaire", "-number"),
                "constraints": [
                    models.UniqueConstraint(fields=("questionnaire", "number"), name="questionnaire_version_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("published_at", None)),
                        fields=("questionnaire",),
                        name="one_draft_of_a_questionnaire",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="questionnaire",
            name="copied_from",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="surveys.questionnaireversion",
                verbose_name="копия",
            ),
        ),
        migrations.CreateModel(
            name="HistoricalSurveyLink",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("poster", "Плакат в учреждении"),
                            ("email", "Электронная почта"),
                            ("sms", "СМС"),
                            ("site", "Сайт"),
                            ("interviewer", "Интервьюер"),
                            ("paper", "Бумажные анкеты"),
                        ],
                        max_length=12,
                        verbose_name="как распространяется",
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=100, verbose_name="пометка для себя")),
                ("opens_on", models.DateField(verbose_name="открыта с")),
                ("closes_on", models.DateField(blank=True, null=True, verbose_name="открыта по")),
                ("target", models.PositiveIntegerField(blank=True, null=True, verbose_name="нужно ответов")),
                ("paused_at", models.DateTimeField(blank=True, null=True, verbose_name="приостановлена")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="закрыта")),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="создана")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто создал",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "kept_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто отвечает",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="surveys.linkbatch",
                        verbose_name="выпуск региона",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="surveys.questionnaireversion",
                        verbose_name="анкета",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical ссылка на анкету",
                "verbose_name_plural": "historical ссылки на анкеты",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="FormFeedback",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("day", models.DateField()),
                (
                    "ease",
                    models.PositiveSmallIntegerField(
                        choices=[(3, "Легко"), (2, "Не очень"), (1, "Трудно")], verbose_name="удобно ли было"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="regions.institution"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feedback",
                        to="surveys.questionnaireversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "отзыв об анкете",
                "verbose_name_plural": "отзывы об анкетах",
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=120)),
                ("answered_on", models.DateField(verbose_name="дата ответа")),
                ("text", models.TextField(verbose_name="комментарий")),
                ("is_masked", models.BooleanField(default=False, verbose_name="скрыты личные данные")),
                ("stems", models.TextField(blank=True, editable=False)),
                ("coded_at", models.DateTimeField(blank=True, null=True, verbose_name="размечен")),
                (
                    "coded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто разметил",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
                (
                    "problem",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="surveys.problemdraft",
                        verbose_name="проблема",
                    ),
                ),
                (
                    "stage",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="surveys.processstage",
                        verbose_name="этап процесса",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="surveys.questionnaireversion"
                    ),
                ),
                (
                    "themes",
                    models.ManyToManyField(blank=True, related_name="+", to="surveys.theme", verbose_name="темы"),
                ),
            ],
            options={
                "verbose_name": "комментарий",
                "verbose_name_plural": "комментарии",
                "ordering": ("-answered_on", "-pk"),
                "indexes": [
                    models.Index(fields=["life_situation", "answered_on", "institution"], name="comment_period")
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestionTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("channel", models.CharField(max_length=12)),
                ("question", models.CharField(max_length=50)),
                ("value", models.CharField(max_length=50)),
                ("count", models.PositiveIntegerField()),
                (
                    "institution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="regions.institution",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="regions.lifesituation",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="surveys.questionnaireversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "дневной итог вопроса",
                "verbose_name_plural": "дневные итоги вопросов",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("life_situation", "institution", "day", "version", "channel", "question", "value"),
                        name="question_tally_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RawReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("answered_on", models.DateField(verbose_name="дата ответа")),
                ("read_at", models.DateTimeField(auto_now_add=True, verbose_name="когда")),
                ("reason", models.CharField(max_length=300, verbose_name="зачем")),
                (
                    "comment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="raw_readings",
                        to="surveys.comment",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "read_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто прочитал",
                    ),
                ),
            ],
            options={
                "verbose_name": "чтение дословно",
                "verbose_name_plural": "чтения дословно",
                "ordering": ("-read_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="Recheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(verbose_name="назначена")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="проверена")),
                ("answers", models.JSONField(blank=True, null=True)),
                ("differences", models.JSONField(blank=True, null=True)),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто проверил",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="recheck", to="surveys.entry"
                    ),
                ),
            ],
            options={
                "verbose_name": "повторный ввод",
                "verbose_name_plural": "повторные вводы",
                "ordering": ("asked_at", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at", None), ("checked_by", None)),
                            models.Q(
                                ("checked_at__isnull", False),
                                ("checked_by__isnull", False),
                                ("differences__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="recheck_is_done_or_not",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Response",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64)),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("online", "Онлайн"),
                            ("file", "Из файла"),
                            ("paper", "С бумаги, оператором"),
                            ("phone", "По телефону, интервьюером"),
                        ],
                        max_length=10,
                    ),
                ),
                ("arrived_at", models.DateTimeField()),
                ("answered_on", models.DateField(verbose_name="дата ответа в регионе")),
                ("service_date", models.DateField(null=True, verbose_name="дата получения услуги")),
                ("is_eligible", models.BooleanField(verbose_name="учитывается в КПЭ")),
                ("is_measured", models.BooleanField(default=True, verbose_name="для КПЭ")),
                ("is_excluded", models.BooleanField(default=False, verbose_name="исключён")),
                ("flags", models.PositiveSmallIntegerField(default=0, verbose_name="признаки")),
                ("satisfaction", models.PositiveSmallIntegerField(null=True)),
                ("documents", models.PositiveSmallIntegerField(null=True)),
                ("duration", models.PositiveSmallIntegerField(null=True)),
                ("clarity", models.PositiveSmallIntegerField(null=True)),
                ("support", models.PositiveSmallIntegerField(null=True)),
                ("nps", models.PositiveSmallIntegerField(null=True)),
                ("days", models.DecimalField(decimal_places=3, max_digits=7, null=True)),
                ("answers", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("originals", models.JSONField(blank=True, null=True)),
                ("is_rolled_up", models.BooleanField(default=False)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="regions.institution"
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.lifesituation",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="surveys.questionnaireversion"
                    ),
                ),
            ],
            options={
                "verbose_name": "ответ",
                "verbose_name_plural": "ответы",
                "indexes": [
                    models.Index(fields=["life_situation", "answered_on", "institution"], name="response_period"),
                    models.Index(
                        condition=models.Q(("is_rolled_up", False)),
                        fields=["institution", "life_situation", "answered_on"],
                        name="response_not_rolled_up",
                    ),
                    models.Index(
                        condition=models.Q(("flags__gt", 0), ("is_excluded", True), _connector="OR"),
                        fields=["institution", "life_situation", "answered_on"],
                        name="response_suspicious",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="response_key_once"),
                    models.CheckConstraint(
                        condition=models.Q(("satisfaction", None), ("satisfaction__range", (1, 4)), _connector="OR"),
                        name="response_satisfaction_is_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("documents", None), ("documents__range", (1, 4)), _connector="OR"),
                        name="response_documents_is_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duration", None), ("duration__range", (1, 4)), _connector="OR"),
                        name="response_duration_is_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("clarity", None), ("clarity__range", (1, 4)), _connector="OR"),
                        name="response_clarity_is_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("support", None), ("support__range", (1, 4)), _connector="OR"),
                        name="response_support_is_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("nps", None), ("nps__range", (0, 10)), _connector="OR"),
                        name="response_nps_is_in_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExclusionCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("leave_out", "Исключить"), ("take_back", "Вернуть")],
                        max_length=10,
                        verbose_name="что сделать",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="сколько ответов")),
                ("first_day", models.DateField(verbose_name="с дня")),
                ("last_day", models.DateField(verbose_name="по день")),
                ("reason", models.CharField(max_length=500, verbose_name="причина")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Ждёт решения"),
                            ("approved", "Принято"),
                            ("declined", "Отклонено"),
                            ("withdrawn", "Отозвано"),
                        ],
                        default="proposed",
                        max_length=10,
                        verbose_name="состояние",
                    ),
                ),
                ("proposed_at", models.DateTimeField(auto_now_add=True, verbose_name="предложено")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="решено")),
                ("decision_reason", models.CharField(blank=True, max_length=500, verbose_name="пояснение к решению")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто решил",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто предложил",
                    ),
                ),
                (
                    "responses",
                    models.ManyToManyField(related_name="cases", to="surveys.response", verbose_name="ответы"),
                ),
            ],
            options={
                "verbose_name": "решение об ответах",
                "verbose_name_plural": "решения об ответах",
                "ordering": ("-proposed_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "declined"]), _negated=True),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="two_people_decide_about_answers",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_decision_about_answers_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="entry",
            name="response",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="entry", to="surveys.response"
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="response",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="surveys.response"
            ),
        ),
        migrations.CreateModel(
            name="ResponseImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "file",
                    models.FileField(
                        max_length=200, upload_to=regions.models.documents.document_path, verbose_name="файл"
                    ),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="имя файла")),
                ("file_digest", models.CharField(max_length=64, verbose_name="контрольная сумма")),
                (
                    "marked",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=regions.models.documents.document_path,
                        verbose_name="файл с пометками",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "Проверяется"),
                            ("refused", "Есть ошибки"),
                            ("checked", "Проверен, можно загружать"),
                            ("loading", "Загружается"),
                            ("done", "Загружен"),
                            ("cancelled", "Отменён"),
                            ("failed", "Не получилось"),
                            ("undone", "Загрузка отозвана"),
                        ],
                        default="checking",
                        max_length=10,
                        verbose_name="состояние",
                    ),
                ),
                ("message", models.CharField(blank=True, max_length=500, verbose_name="что не так")),
                ("rows", models.PositiveIntegerField(blank=True, null=True, verbose_name="строк")),
                ("problems", models.PositiveIntegerField(blank=True, null=True, verbose_name="замечаний")),
                ("problem_list", models.JSONField(blank=True, null=True)),
                ("repeated", models.PositiveIntegerField(blank=True, null=True, verbose_name="уже были")),
                ("stored", models.PositiveIntegerField(blank=True, null=True, verbose_name="добавлено")),
                ("eligible", models.PositiveIntegerField(blank=True, null=True, verbose_name="учитываются")),
                ("cancel_asked", models.BooleanField(default=False, verbose_name="просили остановить")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="прислан")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="закончен")),
                ("undo_asked_at", models.DateTimeField(blank=True, null=True)),
                ("undo_reason", models.CharField(blank=True, max_length=300, verbose_name="почему отзывается")),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто загрузил",
                    ),
                ),
                (
                    "undo_asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "загрузка ответов",
                "verbose_name_plural": "загрузки ответов",
                "ordering": ("-created_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("undone_by", None),
                            models.Q(
                                ("undo_asked_by__isnull", False),
                                models.Q(("undone_by", models.F("undo_asked_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="an_import_is_undone_by_two_people",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="response",
            name="imported_in",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="responses",
                to="surveys.responseimport",
            ),
        ),
        migrations.CreateModel(
            name="SurveyLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("poster", "Плакат в учреждении"),
                            ("email", "Электронная почта"),
                            ("sms", "СМС"),
                            ("site", "Сайт"),
                            ("interviewer", "Интервьюер"),
                            ("paper", "Бумажные анкеты"),
                        ],
                        max_length=12,
                        verbose_name="как распространяется",
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=100, verbose_name="пометка для себя")),
                (
                    "token",
                    models.CharField(
                        default=surveys.links.tokens.new_token, editable=False, max_length=32, unique=True
                    ),
                ),
                (
                    "short_code",
                    models.CharField(
                        default=surveys.links.tokens.new_short_code,
                        editable=False,
                        max_length=8,
                        unique=True,
                        verbose_name="короткий код",
                    ),
                ),
                ("opens_on", models.DateField(verbose_name="открыта с")),
                ("closes_on", models.DateField(blank=True, null=True, verbose_name="открыта по")),
                ("target", models.PositiveIntegerField(blank=True, null=True, verbose_name="нужно ответов")),
                ("paused_at", models.DateTimeField(blank=True, null=True, verbose_name="приостановлена")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="закрыта")),
                ("form_key", models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True)),
                ("form_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="создана")),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="surveys.linkbatch",
                        verbose_name="выпуск региона",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто создал",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="survey_links",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "kept_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто отвечает",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="survey_links",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="surveys.questionnaireversion",
                        verbose_name="анкета",
                    ),
                ),
            ],
            options={
                "verbose_name": "ссылка на анкету",
                "verbose_name_plural": "ссылки на анкеты",
                "ordering": ("-created_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closes_on", None), ("closes_on__gte", models.F("opens_on")), _connector="OR"
                        ),
                        name="link_closes_after_it_opens",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target", None), ("target__range", (1, 1000000)), _connector="OR"),
                        name="link_target_is_bearable",
                    ),
                    models.UniqueConstraint(
                        fields=("batch", "institution"), name="one_link_of_a_batch_per_institution"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="responseimport",
            name="link",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="imports",
                to="surveys.surveylink",
                verbose_name="ссылка",
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="link",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="responses",
                to="surveys.surveylink",
            ),
        ),
        migrations.CreateModel(
            name="FillingDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("content", models.BinaryField(verbose_name="введено, зашифровано")),
                ("updated_at", models.DateTimeField()),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="surveys.surveylink"
                    ),
                ),
            ],
            options={
                "verbose_name": "начатая анкета",
                "verbose_name_plural": "начатые анкеты",
                "indexes": [models.Index(fields=["updated_at"], name="filling_draft_age")],
            },
        ),
        migrations.CreateModel(
            name="EntryWithdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("blank_number", models.PositiveIntegerField(blank=True, null=True, verbose_name="номер бланка")),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("online", "Онлайн"),
                            ("file", "Из файла"),
                            ("paper", "С бумаги, оператором"),
                            ("phone", "По телефону, интервьюером"),
                        ],
                        max_length=10,
                        verbose_name="как получена",
                    ),
                ),
                ("answered_on", models.DateField(verbose_name="дата заполнения")),
                ("entered_at", models.DateTimeField(verbose_name="введена")),
                ("was_drawn", models.BooleanField(default=False, verbose_name="назначен повторный ввод")),
                ("reason", models.CharField(max_length=300, verbose_name="причина")),
                ("withdrawn_at", models.DateTimeField(verbose_name="снята")),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто снял",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="surveys.surveylink"
                    ),
                ),
            ],
            options={
                "verbose_name": "снятая анкета",
                "verbose_name_plural": "снятые анкеты",
                "ordering": ("-withdrawn_at", "-pk"),
                "indexes": [models.Index(fields=["link", "blank_number"], name="withdrawn_blank")],
            },
        ),
        migrations.AddField(
            model_name="entry",
            name="link",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="surveys.surveylink"
            ),
        ),
        migrations.CreateModel(
            name="BlankBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.PositiveIntegerField(verbose_name="с номера")),
                ("last", models.PositiveIntegerField(verbose_name="по номер")),
                ("printed_at", models.DateTimeField(auto_now_add=True, verbose_name="напечатаны")),
                (
                    "printed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blank_batches",
                        to="surveys.surveylink",
                    ),
                ),
            ],
            options={
                "verbose_name": "выпуск бланков",
                "verbose_name_plural": "выпуски бланков",
                "ordering": ("link", "first"),
                "constraints": [
                    models.UniqueConstraint(fields=("link", "first"), name="blank_numbers_begin_once"),
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))), name="blank_numbers_go_up"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VersionRetirement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("retired_at", models.DateTimeField(verbose_name="снята")),
                ("reason", models.CharField(max_length=300, verbose_name="причина")),
                (
                    "retired_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто снял",
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retirement",
                        to="surveys.questionnaireversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "снятие версии",
                "verbose_name_plural": "снятия версий",
            },
        ),
        migrations.CreateModel(
            name="DailyTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("measure", models.CharField(max_length=20)),
                ("value", models.DecimalField(decimal_places=3, max_digits=7)),
                ("count", models.PositiveIntegerField()),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="regions.institution"
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="regions.lifesituation"
                    ),
                ),
            ],
            options={
                "verbose_name": "дневной итог",
                "verbose_name_plural": "дневные итоги",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("life_situation", "institution", "day", "measure", "value"), name="daily_tally_once"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(fields=["link", "answered_on"], name="response_of_link"),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(condition=models.Q(("mode", "file")), fields=["link", "id"], name="response_of_file"),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("imported_in__isnull", False)), fields=["imported_in"], name="response_imported"
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("blank_number__isnull", False)),
                fields=("link", "blank_number"),
                name="a_blank_is_entered_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.UniqueConstraint(fields=("response", "field"), name="comment_once"),
        ),
        migrations.RunPython(lock, unlock),
        migrations.RunPython(_run([CREATE_INDEX], []), _run([DROP_INDEX], [])),
    ]
