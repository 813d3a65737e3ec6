"""Instruments of regions, links with targets, paper and files, quality of answers, comments."""

from importlib import import_module

import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import regions.models.documents


def let_triggers_go(apps, schema_editor):
    """Tables are remade on SQLite: what locks published versions is put down first and up again at the end."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("PRAGMA legacy_alter_table = ON")
    locks.unlock(apps, schema_editor)


def lock_again(apps, schema_editor):
    locks.lock(apps, schema_editor)
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("PRAGMA legacy_alter_table = OFF")


def count_anew(apps, schema_editor):
    """The rollup learns of questions, and comments are made from answers: both begin anew with the next rolling up."""
    apps.get_model("surveys", "DailyTally").objects.all().delete()
    apps.get_model("surveys", "Response").objects.update(is_rolled_up=False)


locks = import_module("surveys.migrations.0002_published_versions_are_locked")


class Migration(migrations.Migration):
    dependencies = [
        ("regions", "0005_approval_says_why_withdrawn"),
        ("surveys", "0004_the_creator_keeps_a_link"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(
            code=let_triggers_go,
            reverse_code=lock_again,
        ),
        migrations.CreateModel(
            name="BlankBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.PositiveIntegerField(verbose_name="с номера")),
                ("last", models.PositiveIntegerField(verbose_name="по номер")),
                ("printed_at", models.DateTimeField(auto_now_add=True, verbose_name="напечатаны")),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blank_batches",
                        to="surveys.surveylink",
                    ),
                ),
                (
                    "printed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "выпуск бланков",
                "verbose_name_plural": "выпуски бланков",
                "ordering": ("link", "first"),
                "indexes": [],
                "constraints": [
                    models.UniqueConstraint(fields=("link", "first"), name="blank_numbers_begin_once"),
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))), name="blank_numbers_go_up"
                    ),
                ],
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
                "indexes": [],
                "constraints": [],
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
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="surveys.surveylink"
                    ),
                ),
                (
                    "response",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entry", to="surveys.response"
                    ),
                ),
            ],
            options={
                "verbose_name": "введённая анкета",
                "verbose_name_plural": "введённые анкеты",
                "ordering": ("-entered_at", "-pk"),
                "indexes": [],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("blank_number__isnull", False)),
                        fields=("link", "blank_number"),
                        name="a_blank_is_entered_once",
                    )
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
                "indexes": [],
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
        migrations.CreateModel(
            name="FillingDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("key", models.CharField(max_length=200)),
                ("sent", models.JSONField(verbose_name="введено")),
                ("language", models.CharField(blank=True, max_length=8)),
                ("step", models.PositiveSmallIntegerField(default=0)),
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
                "constraints": [],
            },
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
                "indexes": [],
                "constraints": [],
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
                "indexes": [],
                "constraints": [],
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
                "indexes": [],
                "constraints": [],
            },
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
            ],
            options={
                "verbose_name": "historical ссылка на анкету",
                "verbose_name_plural": "historical ссылки на анкеты",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "indexes": [],
                "constraints": [],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
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
                "indexes": [],
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
                "indexes": [],
                "constraints": [],
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
                "indexes": [],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("life_situation", "institution", "day", "version", "channel", "question", "value"),
                        name="question_tally_once",
                    )
                ],
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
                "indexes": [],
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
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="surveys.surveylink",
                        verbose_name="ссылка",
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
                "indexes": [],
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
                "indexes": [],
                "constraints": [],
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
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="surveys.response"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="surveys.questionnaireversion"
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
                "constraints": [models.UniqueConstraint(fields=("response", "field"), name="comment_once")],
            },
        ),
        migrations.CreateModel(
            name="RawReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("read_at", models.DateTimeField(auto_now_add=True, verbose_name="когда")),
                ("reason", models.CharField(max_length=300, verbose_name="зачем")),
                (
                    "comment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="raw_readings", to="surveys.comment"
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
                "indexes": [],
                "constraints": [],
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
                "indexes": [],
                "constraints": [],
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
        migrations.AddField(
            model_name="questionnaire",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="создана"),
        ),
        migrations.AddField(
            model_name="questionnaire",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="кто создал",
            ),
        ),
        migrations.AddField(
            model_name="questionnaire",
            name="extends",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="extensions",
                to="surveys.questionnaire",
                verbose_name="дополняет анкету",
            ),
        ),
        migrations.AddField(
            model_name="questionnaire",
            name="kind",
            field=models.CharField(
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
        migrations.AddField(
            model_name="questionnaire",
            name="life_situation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questionnaires",
                to="regions.lifesituation",
                verbose_name="жизненная ситуация",
            ),
        ),
        migrations.AddField(
            model_name="questionnaire",
            name="region",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questionnaires",
                to="regions.region",
                verbose_name="регион",
            ),
        ),
        migrations.AddField(
            model_name="questionnaireversion",
            name="base",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="surveys.questionnaireversion",
                verbose_name="основа",
            ),
        ),
        migrations.AddField(
            model_name="questionnaireversion",
            name="edited_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="изменена"),
        ),
        migrations.AddField(
            model_name="questionnaireversion",
            name="edited_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="кто изменил",
            ),
        ),
        migrations.AddField(
            model_name="questionnaireversion",
            name="published_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="кто опубликовал",
            ),
        ),
        migrations.AddField(
            model_name="questionnaireversion",
            name="revision",
            field=models.PositiveIntegerField(default=0, verbose_name="правка"),
        ),
        migrations.AddField(
            model_name="response",
            name="flags",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="признаки"),
        ),
        migrations.AddField(
            model_name="response",
            name="is_measured",
            field=models.BooleanField(default=True, verbose_name="для КПЭ"),
        ),
        migrations.AddField(
            model_name="response",
            name="is_excluded",
            field=models.BooleanField(default=False, verbose_name="исключён"),
        ),
        migrations.AddField(
            model_name="response",
            name="originals",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="surveylink",
            name="paused_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="приостановлена"),
        ),
        migrations.AddField(
            model_name="surveylink",
            name="target",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="нужно ответов"),
        ),
        migrations.AlterField(
            model_name="questionnaireversion",
            name="digest",
            field=models.CharField(blank=True, max_length=64, verbose_name="контрольная сумма"),
        ),
        migrations.AlterField(
            model_name="response",
            name="mode",
            field=models.CharField(
                choices=[
                    ("online", "Онлайн"),
                    ("file", "Из файла"),
                    ("paper", "С бумаги, оператором"),
                    ("phone", "По телефону, интервьюером"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="questionnaire",
            constraint=models.CheckConstraint(
                condition=models.Q(("extends", None), ("region__isnull", False), _connector="OR"),
                name="only_a_region_extends_a_questionnaire",
            ),
        ),
        migrations.AddConstraint(
            model_name="questionnaireversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at", None)),
                fields=("questionnaire",),
                name="one_draft_of_a_questionnaire",
            ),
        ),
        migrations.AddField(
            model_name="surveylink",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="links",
                to="surveys.linkbatch",
                verbose_name="выпуск региона",
            ),
        ),
        migrations.AddConstraint(
            model_name="surveylink",
            constraint=models.CheckConstraint(
                condition=models.Q(("target", None), ("target__range", (1, 1000000)), _connector="OR"),
                name="link_target_is_bearable",
            ),
        ),
        migrations.AddConstraint(
            model_name="surveylink",
            constraint=models.UniqueConstraint(
                fields=("batch", "institution"), name="one_link_of_a_batch_per_institution"
            ),
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
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("flags__gt", 0), ("is_excluded", True), _connector="OR"),
                fields=["institution", "life_situation", "answered_on"],
                name="response_suspicious",
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("imported_in__isnull", False)), fields=["imported_in"], name="response_imported"
            ),
        ),
        migrations.RunPython(
            code=lock_again,
            reverse_code=let_triggers_go,
        ),
        migrations.RunPython(
            code=count_anew,
            reverse_code=migrations.RunPython.noop,
        ),
    ]
