"""Quarters and reports. The database itself refuses to change or remove a published collection, or the decision and
clients it rests on.
"""

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import monitoring.models

MESSAGE = "a published quarter never changes"
# Table → SQL that is true when a published quarter rests on the old row.
LOCKED = {
    "monitoring_collection": "OLD.state = 'published'",
    "monitoring_weightdecision": """EXISTS (
        SELECT 1 FROM monitoring_collection c
        JOIN regions_regionlifesituation place ON place.id = c.region_life_situation_id
        JOIN monitoring_reportingperiod p ON p.id = c.period_id
        WHERE c.state = 'published' AND place.region_id = OLD.region_id AND p.year = OLD.year)""",
    "monitoring_servedclients": """EXISTS (
        SELECT 1 FROM monitoring_collection c
        JOIN regions_regionlifesituation place ON place.id = c.region_life_situation_id
        JOIN regions_institution i ON i.region_id = place.region_id
        WHERE c.state = 'published' AND i.id = OLD.institution_id AND c.period_id = OLD.period_id
        AND place.life_situation_id = OLD.life_situation_id)""",
}


# A number of people served that comes late would not be that of the published quarter either.
NO_MORE_ROWS = ("monitoring_servedclients",)


def lock(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in NO_MORE_ROWS:
        condition = LOCKED[table].replace("OLD.", "NEW.")
        if postgresql:
            schema_editor.execute(
                f"""
                CREATE FUNCTION {table}_is_complete() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF {condition} THEN
                        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                END $$
                """
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_complete BEFORE INSERT ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {table}_is_complete()"
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_complete BEFORE INSERT ON {table} FOR EACH ROW"
                f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
    for table, condition in LOCKED.items():
        if postgresql:
            schema_editor.execute(
                f"""
                CREATE FUNCTION {table}_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF {condition} THEN
                        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                END $$
                """
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_locked BEFORE UPDATE OR DELETE ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {table}_is_locked()"
            )
        else:
            for event in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_locked_{event.lower()} BEFORE {event} ON {table} FOR EACH ROW"
                    f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                )


def unlock(apps, schema_editor):
    for table in NO_MORE_ROWS:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER {table}_complete ON {table}")
            schema_editor.execute(f"DROP FUNCTION {table}_is_complete()")
        else:
            schema_editor.execute(f"DROP TRIGGER {table}_complete")
    for table in LOCKED:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER {table}_locked ON {table}")
            schema_editor.execute(f"DROP FUNCTION {table}_is_locked()")
        else:
            schema_editor.execute(f"DROP TRIGGER {table}_locked_update")
            schema_editor.execute(f"DROP TRIGGER {table}_locked_delete")


class Migration(migrations.Migration):
    initial = True
    # A database that has only some of them is refused: nsi_portal.checks.
    replaces = [
        ("monitoring", "0001_initial"),
        ("monitoring", "0002_published_collections_are_locked"),
        ("monitoring", "0003_fieldwork"),
    ]

    dependencies = [
        ("accounts", "__first__"),
        ("regions", "0001_squashed_0005"),
    ]

    operations = [
        migrations.CreateModel(
            name="RemindersOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(verbose_name="с")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто",
                    ),
                ),
            ],
            options={
                "verbose_name": "отказ от напоминаний",
                "verbose_name_plural": "отказы от напоминаний",
            },
        ),
        migrations.CreateModel(
            name="ReportingPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=7, unique=True, verbose_name="код")),
                ("year", models.PositiveSmallIntegerField(verbose_name="год")),
                ("quarter", models.PositiveSmallIntegerField(verbose_name="квартал")),
                ("opens_on", models.DateField(verbose_name="начало")),
                ("closes_on", models.DateField(verbose_name="срок отчёта")),
            ],
            options={
                "verbose_name": "отчётный период",
                "verbose_name_plural": "отчётные периоды",
                "ordering": ("opens_on",),
                "constraints": [
                    models.UniqueConstraint(fields=("year", "quarter"), name="reporting_period_once"),
                    models.CheckConstraint(
                        condition=models.Q(("quarter__range", (1, 4))), name="quarter_is_one_to_four"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closes_on__gt", models.F("opens_on"))), name="period_closes_after_it_opens"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Collection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("collecting", "Идёт сбор"),
                            ("calculated", "Рассчитано"),
                            ("published", "Опубликовано"),
                        ],
                        default="collecting",
                        max_length=12,
                        verbose_name="состояние",
                    ),
                ),
                (
                    "snapshot",
                    models.JSONField(
                        blank=True,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        null=True,
                        verbose_name="расчёт",
                    ),
                ),
                ("calculated_at", models.DateTimeField(blank=True, null=True, verbose_name="рассчитано")),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="опубликовано")),
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
                    "region_life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collections",
                        to="regions.regionlifesituation",
                        verbose_name="ЖС региона",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collections",
                        to="monitoring.reportingperiod",
                        verbose_name="период",
                    ),
                ),
            ],
            options={
                "verbose_name": "сбор за период",
                "verbose_name_plural": "сборы за период",
                "ordering": ("-period__opens_on", "region_life_situation"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("region_life_situation", "period"), name="one_collection_per_period"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "collecting"),
                            models.Q(("calculated_at__isnull", False), ("snapshot__isnull", False)),
                            _connector="OR",
                        ),
                        name="collection_has_a_snapshot_once_calculated",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at__isnull", False), ("state", "published")),
                            models.Q(models.Q(("state", "published"), _negated=True), ("published_at", None)),
                            _connector="OR",
                        ),
                        name="published_at_goes_with_published",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ServedClients",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="обслужено человек")),
                ("offered", models.PositiveIntegerField(blank=True, null=True, verbose_name="предложили ответить")),
                ("entered_at", models.DateTimeField(auto_now=True)),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                        verbose_name="ЖС",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="monitoring.reportingperiod",
                        verbose_name="период",
                    ),
                ),
            ],
            options={
                "verbose_name": "число обслуженных",
                "verbose_name_plural": "числа обслуженных",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "life_situation", "period"), name="served_clients_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WeightDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField(verbose_name="год")),
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            ("clients", "По числу обслуженных людей (рекомендуется)"),
                            ("respondents", "По числу ответивших"),
                            ("equal", "Все учреждения поровну"),
                        ],
                        max_length=12,
                        verbose_name="схема",
                    ),
                ),
                ("document_number", models.CharField(max_length=50, verbose_name="номер решения РШ")),
                ("document_date", models.DateField(verbose_name="дата решения РШ")),
                ("decided_at", models.DateTimeField(verbose_name="внесено")),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто внёс",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="weight_decisions",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "решение о весах",
                "verbose_name_plural": "решения о весах",
                "constraints": [
                    models.UniqueConstraint(fields=("region", "year"), name="one_weight_decision_per_region_and_year")
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="день")),
                ("institutions", models.PositiveSmallIntegerField(verbose_name="учреждений")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="отправлено")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кому",
                    ),
                ),
            ],
            options={
                "verbose_name": "напоминание",
                "verbose_name_plural": "напоминания",
                "constraints": [models.UniqueConstraint(fields=("user", "day"), name="one_reminder_a_person_and_day")],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "format",
                    models.CharField(choices=[("xlsx", "XLSX"), ("pdf", "PDF")], max_length=4, verbose_name="вид"),
                ),
                ("file", models.FileField(upload_to=monitoring.models.report_path, verbose_name="файл")),
                ("size", models.PositiveIntegerField(verbose_name="размер, байт")),
                ("sha256", models.CharField(max_length=64, verbose_name="контрольная сумма")),
                ("made_at", models.DateTimeField(verbose_name="сделан")),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="monitoring.collection"
                    ),
                ),
            ],
            options={
                "verbose_name": "отчёт",
                "verbose_name_plural": "отчёты",
                "ordering": ("-made_at",),
                "constraints": [
                    models.UniqueConstraint(fields=("collection", "format"), name="one_report_of_a_format")
                ],
            },
        ),
        migrations.CreateModel(
            name="FieldworkPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "error",
                    models.DecimalField(decimal_places=1, max_digits=3, verbose_name="погрешность, процентных пунктов"),
                ),
                ("set_at", models.DateTimeField(verbose_name="задана")),
                (
                    "region_life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="regions.regionlifesituation",
                        verbose_name="ЖС региона",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто задал",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="monitoring.reportingperiod",
                        verbose_name="период",
                    ),
                ),
            ],
            options={
                "verbose_name": "план добора",
                "verbose_name_plural": "планы добора",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("region_life_situation", "period"), name="one_fieldwork_plan_per_period"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("error__range", (1, 20))), name="fieldwork_error_is_sensible"
                    ),
                ],
            },
        ),
        migrations.RunPython(lock, unlock),
    ]
