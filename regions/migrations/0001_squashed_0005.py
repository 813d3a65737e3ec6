"""Regions: bodies, life situations, institutions, people and their roles, letters, materials."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import regions.models.documents


class Migration(migrations.Migration):
    initial = True
    # A database that has only some of them is refused: nsi_portal.checks.
    replaces = [
        ("regions", "0001_initial"),
        ("regions", "0002_structure_people_history"),
        ("regions", "0003_places_have_a_status"),
        ("regions", "0004_institution_may_come_back"),
        ("regions", "0005_approval_says_why_withdrawn"),
    ]

    dependencies = [
        ("accounts", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Body",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                (
                    "document_file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=regions.models.documents.document_path,
                        verbose_name="файл документа",
                    ),
                ),
                (
                    "document_name",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="имя файла"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("headquarters", "Региональный штаб (РШ)"),
                            ("expert_group", "Региональная экспертная группа (РЭГ)"),
                            ("sector_group", "Отраслевая группа РШ"),
                            ("expert_subgroup", "Экспертная подгруппа РЭГ"),
                        ],
                        max_length=20,
                        verbose_name="вид",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="название")),
                ("formed_on", models.DateField(verbose_name="создан с")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="действует по")),
            ],
            options={
                "verbose_name": "орган",
                "verbose_name_plural": "органы",
                "ordering": ("region", "kind", "title", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_on", None), ("ended_on__gte", models.F("formed_on")), _connector="OR"
                        ),
                        name="body_ends_after_it_starts",
                        violation_error_message="Последний день не может быть раньше первого",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Direction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(unique=True, verbose_name="код")),
                ("title", models.CharField(max_length=200, verbose_name="название")),
                ("position", models.PositiveSmallIntegerField(verbose_name="порядок")),
            ],
            options={
                "verbose_name": "направление",
                "verbose_name_plural": "направления",
                "ordering": ("position",),
            },
        ),
        migrations.CreateModel(
            name="Indicator",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=80, unique=True, verbose_name="код")),
                ("title", models.CharField(max_length=500, verbose_name="название")),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("percent", "%"),
                            ("points", "пункты"),
                            ("days", "дни"),
                            ("hours", "часы"),
                            ("minutes", "минуты"),
                            ("rubles", "рубли"),
                            ("count", "единицы"),
                        ],
                        max_length=10,
                        verbose_name="единица",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("main", "основной"),
                            ("additional", "обязательный дополнительный"),
                            ("auxiliary", "вспомогательный"),
                        ],
                        max_length=10,
                        verbose_name="вид",
                    ),
                ),
                ("lower_is_better", models.BooleanField(default=False, verbose_name="чем меньше, тем лучше")),
                (
                    "long_term_mark",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=8, null=True, verbose_name="долгосрочный ориентир"
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=200, verbose_name="источник")),
            ],
            options={
                "verbose_name": "показатель",
                "verbose_name_plural": "показатели",
                "ordering": ("code",),
            },
        ),
        migrations.CreateModel(
            name="LetterKind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="код")),
                ("position", models.PositiveSmallIntegerField(verbose_name="порядок")),
                ("stage", models.TextField(verbose_name="этап")),
                ("action", models.TextField(verbose_name="требуемое действие")),
                ("short_title", models.CharField(max_length=120, verbose_name="коротко")),
                ("is_quarterly", models.BooleanField(default=False, verbose_name="ежеквартально")),
            ],
            options={
                "verbose_name": "вид письма",
                "verbose_name_plural": "виды писем",
                "ordering": ("position",),
            },
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=6, unique=True, verbose_name="код ISO 3166-2")),
                ("okato", models.CharField(max_length=5, unique=True, verbose_name="код ОКАТО")),
                ("name", models.CharField(max_length=100, unique=True, verbose_name="название")),
                ("name_genitive", models.CharField(max_length=100, verbose_name="название, родительный падеж")),
                ("name_dative", models.CharField(max_length=100, verbose_name="название, дательный падеж")),
                ("name_prepositional", models.CharField(max_length=100, verbose_name="название, предложный падеж")),
                (
                    "federal_district",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("central", "Центральный"),
                            ("northwestern", "Северо-Западный"),
                            ("southern", "Южный"),
                            ("north_caucasian", "Северо-Кавказский"),
                            ("volga", "Приволжский"),
                            ("ural", "Уральский"),
                            ("siberian", "Сибирский"),
                            ("far_eastern", "Дальневосточный"),
                        ],
                        max_length=20,
                        verbose_name="федеральный округ",
                    ),
                ),
                ("time_zone", models.CharField(max_length=40, verbose_name="часовой пояс")),
                ("participates_since", models.DateField(blank=True, null=True, verbose_name="участвует в НСИ с")),
            ],
            options={
                "verbose_name": "регион",
                "verbose_name_plural": "регионы",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="BodyMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(max_length=300, verbose_name="должность")),
                ("organisation", models.CharField(max_length=300, verbose_name="организация")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="электронная почта")),
                (
                    "group",
                    models.CharField(
                        choices=[
                            ("sector_authority", "Профильный РОИВ"),
                            (
                                "municipal_relations",
                                "РОИВ, ответственный за взаимодействие с муниципальными образованиями",
                            ),
                            ("municipality", "Муниципальное образование"),
                            (
                                "finance_and_digital",
                                "Финансовый орган, РОИВ по эффективности управления и цифровым решениям",
                            ),
                            ("expert_chair", "Председатель РЭГ"),
                            ("commissioner", "РСУ"),
                            ("sector_experts", "Экспертное отраслевое сообщество"),
                            ("public_and_business", "Общественное или деловое объединение"),
                            ("science", "Научное сообщество"),
                            ("nonprofit", "СОНКО"),
                            ("social_business", "Социальный предприниматель, компания с КСО"),
                            ("citizens", "Гражданин, лидер изменений в социальной сфере"),
                            ("institution_head", "Руководитель социального учреждения, участвующего во внедрении НСИ"),
                            ("peoples_front", "Региональное отделение Общероссийского народного фронта"),
                            ("agency_representative", "Общественный представитель Агентства"),
                            ("other", "Другое"),
                        ],
                        max_length=30,
                        verbose_name="кого представляет",
                    ),
                ),
                ("competences", models.JSONField(blank=True, default=list, verbose_name="компетенции")),
                ("is_head", models.BooleanField(default=False, verbose_name="руководитель")),
                ("starts_on", models.DateField(verbose_name="в составе с")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="в составе по")),
                (
                    "body",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="regions.body",
                        verbose_name="орган",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="на портале",
                    ),
                ),
            ],
            options={
                "verbose_name": "член органа",
                "verbose_name_plural": "члены органов",
                "ordering": ("-is_head", "full_name", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_on", None), ("is_head", True)),
                        fields=("body",),
                        name="one_head_of_a_body",
                        violation_error_message="У органа уже есть руководитель",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"),
                        name="body_member_ends_after_it_starts",
                        violation_error_message="Последний день не может быть раньше первого",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalBody",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                ("document_file", models.TextField(blank=True, max_length=200, verbose_name="файл документа")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("headquarters", "Региональный штаб (РШ)"),
                            ("expert_group", "Региональная экспертная группа (РЭГ)"),
                            ("sector_group", "Отраслевая группа РШ"),
                            ("expert_subgroup", "Экспертная подгруппа РЭГ"),
                        ],
                        max_length=20,
                        verbose_name="вид",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="название")),
                ("formed_on", models.DateField(verbose_name="создан с")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="действует по")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical орган",
                "verbose_name_plural": "historical органы",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalBodyMember",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(max_length=300, verbose_name="должность")),
                ("organisation", models.CharField(max_length=300, verbose_name="организация")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="электронная почта")),
                (
                    "group",
                    models.CharField(
                        choices=[
                            ("sector_authority", "Профильный РОИВ"),
                            (
                                "municipal_relations",
                                "РОИВ, ответственный за взаимодействие с муниципальными образованиями",
                            ),
                            ("municipality", "Муниципальное образование"),
                            (
                                "finance_and_digital",
                                "Финансовый орган, РОИВ по эффективности управления и цифровым решениям",
                            ),
                            ("expert_chair", "Председатель РЭГ"),
                            ("commissioner", "РСУ"),
                            ("sector_experts", "Экспертное отраслевое сообщество"),
                            ("public_and_business", "Общественное или деловое объединение"),
                            ("science", "Научное сообщество"),
                            ("nonprofit", "СОНКО"),
                            ("social_business", "Социальный предприниматель, компания с КСО"),
                            ("citizens", "Гражданин, лидер изменений в социальной сфере"),
                            ("institution_head", "Руководитель социального учреждения, участвующего во внедрении НСИ"),
                            ("peoples_front", "Региональное отделение Общероссийского народного фронта"),
                            ("agency_representative", "Общественный представитель Агентства"),
                            ("other", "Другое"),
                        ],
                        max_length=30,
                        verbose_name="кого представляет",
                    ),
                ),
                ("competences", models.JSONField(blank=True, default=list, verbose_name="компетенции")),
                ("is_head", models.BooleanField(default=False, verbose_name="руководитель")),
                ("starts_on", models.DateField(verbose_name="в составе с")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="в составе по")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "body",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.body",
                        verbose_name="орган",
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="на портале",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical член органа",
                "verbose_name_plural": "historical члены органов",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalLetterKind",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, verbose_name="код")),
                ("position", models.PositiveSmallIntegerField(verbose_name="порядок")),
                ("stage", models.TextField(verbose_name="этап")),
                ("action", models.TextField(verbose_name="требуемое действие")),
                ("short_title", models.CharField(max_length=120, verbose_name="коротко")),
                ("is_quarterly", models.BooleanField(default=False, verbose_name="ежеквартально")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
            ],
            options={
                "verbose_name": "historical вид письма",
                "verbose_name_plural": "historical виды писем",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalRegion",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("code", models.CharField(db_index=True, max_length=6, verbose_name="код ISO 3166-2")),
                ("okato", models.CharField(db_index=True, max_length=5, verbose_name="код ОКАТО")),
                ("name", models.CharField(db_index=True, max_length=100, verbose_name="название")),
                ("name_genitive", models.CharField(max_length=100, verbose_name="название, родительный падеж")),
                ("name_dative", models.CharField(max_length=100, verbose_name="название, дательный падеж")),
                ("name_prepositional", models.CharField(max_length=100, verbose_name="название, предложный падеж")),
                (
                    "federal_district",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("central", "Центральный"),
                            ("northwestern", "Северо-Западный"),
                            ("southern", "Южный"),
                            ("north_caucasian", "Северо-Кавказский"),
                            ("volga", "Приволжский"),
                            ("ural", "Уральский"),
                            ("siberian", "Сибирский"),
                            ("far_eastern", "Дальневосточный"),
                        ],
                        max_length=20,
                        verbose_name="федеральный округ",
                    ),
                ),
                ("time_zone", models.CharField(max_length=40, verbose_name="часовой пояс")),
                ("participates_since", models.DateField(blank=True, null=True, verbose_name="участвует в НСИ с")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
            ],
            options={
                "verbose_name": "historical регион",
                "verbose_name_plural": "historical регионы",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Institution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=300, verbose_name="название")),
                (
                    "settlement",
                    models.CharField(
                        choices=[("town", "город"), ("village", "село")], max_length=10, verbose_name="город или село"
                    ),
                ),
                ("locality", models.CharField(max_length=150, verbose_name="населённый пункт")),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="работает по")),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_from",
                        to="regions.institution",
                        verbose_name="присоединено к",
                    ),
                ),
                (
                    "sphere",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="institutions",
                        to="regions.direction",
                        verbose_name="сфера",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="institutions",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "учреждение",
                "verbose_name_plural": "учреждения",
                "ordering": ("name",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("region", "name"),
                        name="institution_name_once_per_region",
                        violation_error_message="Учреждение с таким названием в регионе уже есть",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("merged_into", None), ("closed_on__isnull", False), _connector="OR"),
                        name="merged_institution_is_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("merged_into", None),
                            models.Q(("merged_into", models.F("pk")), _negated=True),
                            _connector="OR",
                        ),
                        name="institution_not_merged_into_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalMembership",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("agency_admin", "Администратор Агентства"),
                            ("agency_curator", "Куратор Агентства"),
                            ("agency_analyst", "Аналитик Агентства"),
                            ("federal_observer", "Федеральная рабочая группа, ФОИВ"),
                            ("region_head", "Высшее должностное лицо"),
                            ("hq_chair", "Руководитель РШ"),
                            ("hq_member", "Член РШ, ответственный за ЖС"),
                            ("service_commissioner", "Региональный сервисный уполномоченный"),
                            ("expert", "Член РЭГ"),
                            ("nsi_admin", "Администратор НСИ"),
                            ("institution_rep", "Представитель учреждения"),
                        ],
                        max_length=30,
                        verbose_name="роль",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="с")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="по")),
                ("granted_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="назначен")),
                ("end_reason", models.CharField(blank=True, max_length=300, verbose_name="почему завершено")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто назначил",
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто",
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
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical участник",
                "verbose_name_plural": "historical участники",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalAccessRequest",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="электронная почта")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(max_length=200, verbose_name="должность")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unconfirmed", "Адрес не подтверждён"),
                            ("waiting", "Ждёт решения"),
                            ("approved", "Одобрена"),
                            ("declined", "Отклонена"),
                        ],
                        default="unconfirmed",
                        max_length=12,
                        verbose_name="состояние",
                    ),
                ),
                ("asked_at", models.DateTimeField(blank=True, editable=False, verbose_name="подана")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="письмо отправлено")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="ссылка действует до")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="решено")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="причина")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто решил",
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
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
            ],
            options={
                "verbose_name": "historical заявка на доступ",
                "verbose_name_plural": "historical заявки на доступ",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="AccessRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="электронная почта")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(max_length=200, verbose_name="должность")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unconfirmed", "Адрес не подтверждён"),
                            ("waiting", "Ждёт решения"),
                            ("approved", "Одобрена"),
                            ("declined", "Отклонена"),
                        ],
                        default="unconfirmed",
                        max_length=12,
                        verbose_name="состояние",
                    ),
                ),
                ("asked_at", models.DateTimeField(auto_now_add=True, verbose_name="подана")),
                ("token_hash", models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="письмо отправлено")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="ссылка действует до")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="решено")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="причина")),
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="access_requests",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
            ],
            options={
                "verbose_name": "заявка на доступ",
                "verbose_name_plural": "заявки на доступ",
                "ordering": ("asked_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["unconfirmed", "waiting"])),
                        fields=("email", "institution"),
                        name="one_open_request_for_an_institution",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "unconfirmed"), ("user__isnull", False), _connector="OR"),
                        name="waiting_request_has_its_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LifeSituation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="код")),
                ("number", models.PositiveSmallIntegerField(blank=True, null=True, unique=True, verbose_name="номер")),
                ("title", models.CharField(max_length=300, verbose_name="название")),
                ("short_title", models.CharField(max_length=80, verbose_name="короткое название")),
                ("boundary", models.TextField(verbose_name="границы")),
                ("beneficiaries", models.TextField(verbose_name="кто выигрывает")),
                ("human_centred", models.TextField(blank=True, verbose_name="человекоцентричность")),
                ("mass", models.TextField(blank=True, verbose_name="массовость и значимость")),
                ("within_powers", models.TextField(blank=True, verbose_name="доступность для региона")),
                ("common", models.TextField(blank=True, verbose_name="актуальность для страны")),
                ("source", models.CharField(blank=True, max_length=200, verbose_name="источник")),
                (
                    "direction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="life_situations",
                        to="regions.direction",
                        verbose_name="направление",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="own_life_situations",
                        to="regions.region",
                        verbose_name="описана регионом",
                    ),
                ),
            ],
            options={
                "verbose_name": "жизненная ситуация",
                "verbose_name_plural": "жизненные ситуации",
                "ordering": (models.OrderBy(models.F("number"), nulls_last=True), "short_title", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number__isnull", False), ("region", None)),
                            models.Q(
                                ("number", None),
                                ("region__isnull", False),
                                models.Q(("human_centred", ""), _negated=True),
                                models.Q(("mass", ""), _negated=True),
                                models.Q(("within_powers", ""), _negated=True),
                                models.Q(("common", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="own_life_situation_is_justified",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalParticipation",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("since", models.DateField(verbose_name="участвует с")),
                ("until", models.DateField(blank=True, null=True, verbose_name="участвует по")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                    ),
                ),
            ],
            options={
                "verbose_name": "historical участие в жизненной ситуации",
                "verbose_name_plural": "historical участие в жизненных ситуациях",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalMaterial",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="название")),
                ("description", models.TextField(blank=True, verbose_name="о чём")),
                ("roles", models.JSONField(blank=True, default=list, verbose_name="для ролей")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="снят с публикации")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                "verbose_name": "historical методический материал",
                "verbose_name_plural": "historical методические материалы",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalBody_life_situations",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("m2m_history_id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "body",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.body",
                    ),
                ),
                (
                    "history",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to="regions.historicalbody"
                    ),
                ),
                (
                    "lifesituation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.lifesituation",
                    ),
                ),
            ],
            options={
                "verbose_name": "HistoricalBody_life_situations",
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name="body",
            name="life_situations",
            field=models.ManyToManyField(
                blank=True, related_name="bodies", to="regions.lifesituation", verbose_name="жизненные ситуации"
            ),
        ),
        migrations.CreateModel(
            name="LifeSituationIndicator",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=10, verbose_name="номер в документе")),
                ("position", models.PositiveSmallIntegerField(verbose_name="порядок")),
                ("indicator", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="regions.indicator")),
                (
                    "life_situation",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="regions.lifesituation"),
                ),
            ],
            options={
                "ordering": ("position",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("life_situation", "indicator"), name="indicator_once_per_life_situation"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="lifesituation",
            name="indicators",
            field=models.ManyToManyField(
                related_name="life_situations",
                through="regions.LifeSituationIndicator",
                to="regions.indicator",
                verbose_name="показатели",
            ),
        ),
        migrations.CreateModel(
            name="Material",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="название")),
                ("description", models.TextField(blank=True, verbose_name="о чём")),
                ("roles", models.JSONField(blank=True, default=list, verbose_name="для ролей")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="снят с публикации")),
                (
                    "life_situation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="materials",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
            ],
            options={
                "verbose_name": "методический материал",
                "verbose_name_plural": "методические материалы",
                "ordering": ("title", "pk"),
            },
        ),
        migrations.CreateModel(
            name="MaterialVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="версия")),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=regions.models.documents.document_path,
                        verbose_name="файл",
                    ),
                ),
                ("file_name", models.CharField(blank=True, editable=False, max_length=200, verbose_name="имя файла")),
                ("url", models.URLField(blank=True, max_length=500, verbose_name="ссылка")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="что изменилось")),
                ("published_at", models.DateTimeField(verbose_name="опубликован")),
                (
                    "material",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="regions.material"
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто опубликовал",
                    ),
                ),
            ],
            options={
                "verbose_name": "версия материала",
                "verbose_name_plural": "версии материала",
                "ordering": ("material", "-number"),
                "constraints": [
                    models.UniqueConstraint(fields=("material", "number"), name="material_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("file", ""), models.Q(("url", ""), _negated=True)),
                            models.Q(models.Q(("file", ""), _negated=True), ("url", "")),
                            _connector="OR",
                        ),
                        name="material_is_a_file_or_a_link",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("agency_admin", "Администратор Агентства"),
                            ("agency_curator", "Куратор Агентства"),
                            ("agency_analyst", "Аналитик Агентства"),
                            ("federal_observer", "Федеральная рабочая группа, ФОИВ"),
                            ("region_head", "Высшее должностное лицо"),
                            ("hq_chair", "Руководитель РШ"),
                            ("hq_member", "Член РШ, ответственный за ЖС"),
                            ("service_commissioner", "Региональный сервисный уполномоченный"),
                            ("expert", "Член РЭГ"),
                            ("nsi_admin", "Администратор НСИ"),
                            ("institution_rep", "Представитель учреждения"),
                        ],
                        max_length=30,
                        verbose_name="роль",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="с")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="по")),
                ("granted_at", models.DateTimeField(auto_now_add=True, null=True, verbose_name="назначен")),
                ("end_reason", models.CharField(blank=True, max_length=300, verbose_name="почему завершено")),
                (
                    "deputises_for",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deputies",
                        to="regions.membership",
                        verbose_name="замещает",
                    ),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто назначил",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "life_situations",
                    models.ManyToManyField(blank=True, to="regions.lifesituation", verbose_name="отвечает за ЖС"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "участник",
                "verbose_name_plural": "участники",
                "ordering": ("user", "role"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("institution", None),
                                ("region", None),
                                ("role__in", ["agency_admin", "agency_analyst", "agency_curator", "federal_observer"]),
                            ),
                            models.Q(
                                ("institution", None),
                                ("region__isnull", False),
                                (
                                    "role__in",
                                    [
                                        "expert",
                                        "hq_chair",
                                        "hq_member",
                                        "nsi_admin",
                                        "region_head",
                                        "service_commissioner",
                                    ],
                                ),
                            ),
                            models.Q(
                                ("institution__isnull", False), ("region", None), ("role__in", ["institution_rep"])
                            ),
                            _connector="OR",
                        ),
                        name="membership_scope_fits_its_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"),
                        name="membership_ends_after_it_starts",
                        violation_error_message="Последний день не может быть раньше первого",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("deputises_for", None), ("ends_on__isnull", False), _connector="OR"),
                        name="deputy_for_a_period",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalMembership_life_situations",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("m2m_history_id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "history",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="regions.historicalmembership",
                    ),
                ),
                (
                    "lifesituation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.lifesituation",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_tablespace="",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "HistoricalMembership_life_situations",
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name="historicalmembership",
            name="deputises_for",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="regions.membership",
                verbose_name="замещает",
            ),
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="с какого дня")),
                ("reason", models.CharField(max_length=300, verbose_name="основание")),
                ("work", models.JSONField(verbose_name="что передано")),
                ("at", models.DateTimeField(verbose_name="внесено")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто внёс",
                    ),
                ),
                (
                    "predecessor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handed_over",
                        to="regions.membership",
                        verbose_name="кто передал",
                    ),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taken_over",
                        to="regions.membership",
                        verbose_name="кто принял",
                    ),
                ),
            ],
            options={
                "verbose_name": "передача дел",
                "verbose_name_plural": "передачи дел",
                "ordering": ("-at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="Participation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateField(verbose_name="участвует с")),
                ("until", models.DateField(blank=True, null=True, verbose_name="участвует по")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="participations",
                        to="regions.institution",
                    ),
                ),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="participations",
                        to="regions.lifesituation",
                    ),
                ),
            ],
            options={
                "verbose_name": "участие в жизненной ситуации",
                "verbose_name_plural": "участие в жизненных ситуациях",
                "ordering": ("institution", "life_situation", "since"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until", None)),
                        fields=("institution", "life_situation"),
                        name="one_participation_without_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until", None), ("until__gte", models.F("since")), _connector="OR"),
                        name="participation_ends_after_it_starts",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="institution",
            name="life_situations",
            field=models.ManyToManyField(
                related_name="institutions",
                through="regions.Participation",
                to="regions.lifesituation",
                verbose_name="жизненные ситуации",
            ),
        ),
        migrations.CreateModel(
            name="LetterDeadline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occasion", models.CharField(blank=True, max_length=20, verbose_name="за какой период")),
                ("due_on", models.DateField(verbose_name="срок")),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deadlines",
                        to="regions.letterkind",
                        verbose_name="вид письма",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letter_deadlines",
                        to="regions.region",
                        verbose_name="только для региона",
                    ),
                ),
            ],
            options={
                "verbose_name": "срок письма",
                "verbose_name_plural": "сроки писем",
                "ordering": ("due_on", "kind", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("region", None)),
                        fields=("kind", "occasion"),
                        name="one_general_deadline",
                        violation_error_message="Общий срок для этого письма уже задан",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("region__isnull", False)),
                        fields=("kind", "occasion", "region"),
                        name="one_deadline_of_a_region",
                        violation_error_message="Для этого региона срок уже задан",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                (
                    "document_file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=regions.models.documents.document_path,
                        verbose_name="файл документа",
                    ),
                ),
                (
                    "document_name",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="имя файла"),
                ),
                ("occasion", models.CharField(blank=True, max_length=20, verbose_name="за какой период")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="примечание")),
                ("registered_at", models.DateTimeField(auto_now_add=True, verbose_name="внесено")),
                (
                    "registered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто внёс",
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="regions.letterkind",
                        verbose_name="вид письма",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "письмо",
                "verbose_name_plural": "письма",
                "ordering": ("-document_date", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="электронная почта")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(blank=True, max_length=200, verbose_name="должность")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("agency_admin", "Администратор Агентства"),
                            ("agency_curator", "Куратор Агентства"),
                            ("agency_analyst", "Аналитик Агентства"),
                            ("federal_observer", "Федеральная рабочая группа, ФОИВ"),
                            ("region_head", "Высшее должностное лицо"),
                            ("hq_chair", "Руководитель РШ"),
                            ("hq_member", "Член РШ, ответственный за ЖС"),
                            ("service_commissioner", "Региональный сервисный уполномоченный"),
                            ("expert", "Член РЭГ"),
                            ("nsi_admin", "Администратор НСИ"),
                            ("institution_rep", "Представитель учреждения"),
                        ],
                        max_length=30,
                        verbose_name="роль",
                    ),
                ),
                ("invited_at", models.DateTimeField(auto_now_add=True, verbose_name="приглашён")),
                ("token_hash", models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="письмо отправлено")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="действует до")),
                ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="принято")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="отозвано")),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто принял",
                    ),
                ),
                (
                    "body_member",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="invitations",
                        to="regions.bodymember",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="regions.institution",
                        verbose_name="учреждение",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто пригласил",
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто отозвал",
                    ),
                ),
                (
                    "life_situations",
                    models.ManyToManyField(blank=True, to="regions.lifesituation", verbose_name="отвечает за ЖС"),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "приглашение",
                "verbose_name_plural": "приглашения",
                "ordering": ("-invited_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("institution", None),
                                ("region", None),
                                ("role__in", ["agency_admin", "agency_analyst", "agency_curator", "federal_observer"]),
                            ),
                            models.Q(
                                ("institution", None),
                                ("region__isnull", False),
                                (
                                    "role__in",
                                    [
                                        "expert",
                                        "hq_chair",
                                        "hq_member",
                                        "nsi_admin",
                                        "region_head",
                                        "service_commissioner",
                                    ],
                                ),
                            ),
                            models.Q(
                                ("institution__isnull", False), ("region", None), ("role__in", ["institution_rep"])
                            ),
                            _connector="OR",
                        ),
                        name="invitation_scope_fits_its_role",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("accepted_at", None), ("institution", None), ("region", None), ("revoked_at", None)
                        ),
                        fields=("email", "role"),
                        name="one_open_invitation_federal",
                        violation_error_message="Этот человек уже приглашён в этой роли",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("region__isnull", False), ("revoked_at", None)),
                        fields=("email", "role", "region"),
                        name="one_open_invitation_of_a_region",
                        violation_error_message="Этот человек уже приглашён в этой роли",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("institution__isnull", False), ("revoked_at", None)),
                        fields=("email", "role", "institution"),
                        name="one_open_invitation_of_an_institution",
                        violation_error_message="Этот человек уже приглашён в этой роли",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("accepted_at", None), ("revoked_at", None), _connector="OR"),
                        name="invitation_not_both_accepted_and_revoked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InfrastructureReached",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reached_on", models.DateField(verbose_name="достигнута")),
                ("facts", models.JSONField(verbose_name="на основании")),
                ("frozen_at", models.DateTimeField(verbose_name="закреплено")),
                (
                    "region",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="infrastructure_reached",
                        to="regions.region",
                    ),
                ),
            ],
            options={
                "verbose_name": "готовность инфраструктуры",
                "verbose_name_plural": "готовность инфраструктуры",
            },
        ),
        migrations.CreateModel(
            name="HistoricalServiceCommissioner",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                ("document_file", models.TextField(blank=True, max_length=200, verbose_name="файл документа")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(blank=True, max_length=300, verbose_name="должность")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="электронная почта")),
                ("competences", models.JSONField(blank=True, default=list, verbose_name="компетенции")),
                ("appointed_on", models.DateField(verbose_name="назначен с")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="исполняет обязанности по")),
                ("course", models.CharField(blank=True, max_length=300, verbose_name="образовательная программа")),
                ("course_completed_on", models.DateField(blank=True, null=True, verbose_name="программа пройдена")),
                ("accredited_on", models.DateField(blank=True, null=True, verbose_name="аккредитован с")),
                ("accredited_until", models.DateField(blank=True, null=True, verbose_name="аккредитация действует по")),
                ("has_office", models.BooleanField(default=False, verbose_name="создан офис РСУ")),
                ("office", models.CharField(blank=True, max_length=500, verbose_name="офис: адрес, состав")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="на портале",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical РСУ",
                "verbose_name_plural": "historical РСУ",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalRegionLifeSituation",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("since", models.DateField(verbose_name="взята с")),
                ("decision_number", models.CharField(blank=True, max_length=60, verbose_name="номер решения")),
                ("decision_date", models.DateField(blank=True, null=True, verbose_name="дата решения")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("chosen", "Выбрана"),
                            ("self_assessment", "Самообследование"),
                            ("roadmap", "Дорожная карта"),
                            ("implementation", "Внедрение"),
                            ("scaling", "Масштабирование"),
                            ("completed", "Завершена"),
                        ],
                        default="chosen",
                        max_length=20,
                        verbose_name="этап",
                    ),
                ),
                ("status_since", models.DateField(blank=True, null=True, verbose_name="на этапе с")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical жизненная ситуация региона",
                "verbose_name_plural": "historical жизненные ситуации регионов",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalLifeSituation",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("code", models.SlugField(max_length=60, verbose_name="код")),
                (
                    "number",
                    models.PositiveSmallIntegerField(blank=True, db_index=True, null=True, verbose_name="номер"),
                ),
                ("title", models.CharField(max_length=300, verbose_name="название")),
                ("short_title", models.CharField(max_length=80, verbose_name="короткое название")),
                ("boundary", models.TextField(verbose_name="границы")),
                ("beneficiaries", models.TextField(verbose_name="кто выигрывает")),
                ("human_centred", models.TextField(blank=True, verbose_name="человекоцентричность")),
                ("mass", models.TextField(blank=True, verbose_name="массовость и значимость")),
                ("within_powers", models.TextField(blank=True, verbose_name="доступность для региона")),
                ("common", models.TextField(blank=True, verbose_name="актуальность для страны")),
                ("source", models.CharField(blank=True, max_length=200, verbose_name="источник")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "direction",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.direction",
                        verbose_name="направление",
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
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="описана регионом",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical жизненная ситуация",
                "verbose_name_plural": "historical жизненные ситуации",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalLetterDeadline",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("occasion", models.CharField(blank=True, max_length=20, verbose_name="за какой период")),
                ("due_on", models.DateField(verbose_name="срок")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                    "kind",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.letterkind",
                        verbose_name="вид письма",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="только для региона",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical срок письма",
                "verbose_name_plural": "historical сроки писем",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalLetter",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                ("document_file", models.TextField(blank=True, max_length=200, verbose_name="файл документа")),
                ("occasion", models.CharField(blank=True, max_length=20, verbose_name="за какой период")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="примечание")),
                ("registered_at", models.DateTimeField(blank=True, editable=False, verbose_name="внесено")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                    "registered_by",
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
                    "kind",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.letterkind",
                        verbose_name="вид письма",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical письмо",
                "verbose_name_plural": "historical письма",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalInvitation",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="электронная почта")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(blank=True, max_length=200, verbose_name="должность")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("agency_admin", "Администратор Агентства"),
                            ("agency_curator", "Куратор Агентства"),
                            ("agency_analyst", "Аналитик Агентства"),
                            ("federal_observer", "Федеральная рабочая группа, ФОИВ"),
                            ("region_head", "Высшее должностное лицо"),
                            ("hq_chair", "Руководитель РШ"),
                            ("hq_member", "Член РШ, ответственный за ЖС"),
                            ("service_commissioner", "Региональный сервисный уполномоченный"),
                            ("expert", "Член РЭГ"),
                            ("nsi_admin", "Администратор НСИ"),
                            ("institution_rep", "Представитель учреждения"),
                        ],
                        max_length=30,
                        verbose_name="роль",
                    ),
                ),
                ("invited_at", models.DateTimeField(blank=True, editable=False, verbose_name="приглашён")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="письмо отправлено")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="действует до")),
                ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="принято")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="отозвано")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто принял",
                    ),
                ),
                (
                    "body_member",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.bodymember",
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
                    "invited_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто пригласил",
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто отозвал",
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
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical приглашение",
                "verbose_name_plural": "historical приглашения",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalInstitution",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name", models.CharField(max_length=300, verbose_name="название")),
                (
                    "settlement",
                    models.CharField(
                        choices=[("town", "город"), ("village", "село")], max_length=10, verbose_name="город или село"
                    ),
                ),
                ("locality", models.CharField(max_length=150, verbose_name="населённый пункт")),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="работает по")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
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
                    "sphere",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.direction",
                        verbose_name="сфера",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.institution",
                        verbose_name="присоединено к",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical учреждение",
                "verbose_name_plural": "historical учреждения",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name="body",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bodies",
                to="regions.region",
                verbose_name="регион",
            ),
        ),
        migrations.CreateModel(
            name="RegionLifeSituation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateField(verbose_name="взята с")),
                ("decision_number", models.CharField(blank=True, max_length=60, verbose_name="номер решения")),
                ("decision_date", models.DateField(blank=True, null=True, verbose_name="дата решения")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("chosen", "Выбрана"),
                            ("self_assessment", "Самообследование"),
                            ("roadmap", "Дорожная карта"),
                            ("implementation", "Внедрение"),
                            ("scaling", "Масштабирование"),
                            ("completed", "Завершена"),
                        ],
                        default="chosen",
                        max_length=20,
                        verbose_name="этап",
                    ),
                ),
                ("status_since", models.DateField(blank=True, null=True, verbose_name="на этапе с")),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="regions",
                        to="regions.lifesituation",
                        verbose_name="жизненная ситуация",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="life_situations",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
            ],
            options={
                "verbose_name": "жизненная ситуация региона",
                "verbose_name_plural": "жизненные ситуации регионов",
                "ordering": ("region__name", "life_situation"),
                "constraints": [
                    models.UniqueConstraint(fields=("region", "life_situation"), name="life_situation_once_per_region")
                ],
            },
        ),
        migrations.CreateModel(
            name="IndicatorTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField(verbose_name="год")),
                ("current", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="текущее значение")),
                ("target", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="целевое значение")),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто внёс",
                    ),
                ),
                (
                    "indicator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="regions.indicator",
                        verbose_name="показатель",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="regions.regionlifesituation",
                    ),
                ),
            ],
            options={
                "verbose_name": "цель по показателю",
                "verbose_name_plural": "цели по показателям",
                "ordering": ("place", "year", "indicator"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("place", "indicator", "year"), name="one_target_of_an_indicator_and_year"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalTargetApproval",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                ("document_file", models.TextField(blank=True, max_length=200, verbose_name="файл документа")),
                ("year", models.PositiveSmallIntegerField(verbose_name="год")),
                ("approved_at", models.DateTimeField(verbose_name="утверждено")),
                ("withdrawal_reason", models.CharField(blank=True, max_length=300, verbose_name="почему отозвано")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто утвердил",
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
                    "place",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.regionlifesituation",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical утверждение показателей",
                "verbose_name_plural": "historical утверждения показателей",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalIndicatorTarget",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField(verbose_name="год")),
                ("current", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="текущее значение")),
                ("target", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="целевое значение")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "entered_by",
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
                    "indicator",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.indicator",
                        verbose_name="показатель",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.regionlifesituation",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical цель по показателю",
                "verbose_name_plural": "historical цели по показателям",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ServiceCommissioner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                (
                    "document_file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=regions.models.documents.document_path,
                        verbose_name="файл документа",
                    ),
                ),
                (
                    "document_name",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="имя файла"),
                ),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(blank=True, max_length=300, verbose_name="должность")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="электронная почта")),
                ("competences", models.JSONField(blank=True, default=list, verbose_name="компетенции")),
                ("appointed_on", models.DateField(verbose_name="назначен с")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="исполняет обязанности по")),
                ("course", models.CharField(blank=True, max_length=300, verbose_name="образовательная программа")),
                ("course_completed_on", models.DateField(blank=True, null=True, verbose_name="программа пройдена")),
                ("accredited_on", models.DateField(blank=True, null=True, verbose_name="аккредитован с")),
                ("accredited_until", models.DateField(blank=True, null=True, verbose_name="аккредитация действует по")),
                ("has_office", models.BooleanField(default=False, verbose_name="создан офис РСУ")),
                ("office", models.CharField(blank=True, max_length=500, verbose_name="офис: адрес, состав")),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commissioners",
                        to="regions.region",
                        verbose_name="регион",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="на портале",
                    ),
                ),
            ],
            options={
                "verbose_name": "РСУ",
                "verbose_name_plural": "РСУ",
                "ordering": ("region", "-appointed_on", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_on", None)),
                        fields=("region",),
                        name="one_commissioner_of_a_region",
                        violation_error_message="В регионе уже есть действующий РСУ",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_on", None), ("ended_on__gte", models.F("appointed_on")), _connector="OR"
                        ),
                        name="commissioner_ends_after_appointment",
                        violation_error_message="Последний день не может быть раньше первого",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accredited_until", None),
                            ("accredited_until__gte", models.F("accredited_on")),
                            _connector="OR",
                        ),
                        name="accreditation_ends_after_it_starts",
                        violation_error_message="Последний день не может быть раньше первого",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                (
                    "document_file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=regions.models.documents.document_path,
                        verbose_name="файл документа",
                    ),
                ),
                (
                    "document_name",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="имя файла"),
                ),
                (
                    "before",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("chosen", "Выбрана"),
                            ("self_assessment", "Самообследование"),
                            ("roadmap", "Дорожная карта"),
                            ("implementation", "Внедрение"),
                            ("scaling", "Масштабирование"),
                            ("completed", "Завершена"),
                        ],
                        max_length=20,
                        verbose_name="было",
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("chosen", "Выбрана"),
                            ("self_assessment", "Самообследование"),
                            ("roadmap", "Дорожная карта"),
                            ("implementation", "Внедрение"),
                            ("scaling", "Масштабирование"),
                            ("completed", "Завершена"),
                        ],
                        max_length=20,
                        verbose_name="стало",
                    ),
                ),
                ("on", models.DateField(verbose_name="с какого дня")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="примечание")),
                ("at", models.DateTimeField(verbose_name="внесено")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто внёс",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="status_changes",
                        to="regions.regionlifesituation",
                    ),
                ),
            ],
            options={
                "verbose_name": "смена этапа",
                "verbose_name_plural": "смены этапов",
                "ordering": ("-at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="TargetApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="номер документа")),
                ("document_date", models.DateField(blank=True, null=True, verbose_name="дата документа")),
                (
                    "document_file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=regions.models.documents.document_path,
                        verbose_name="файл документа",
                    ),
                ),
                (
                    "document_name",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="имя файла"),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="год")),
                ("approved_at", models.DateTimeField(verbose_name="утверждено")),
                ("withdrawal_reason", models.CharField(blank=True, max_length=300, verbose_name="почему отозвано")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто утвердил",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="target_approvals",
                        to="regions.regionlifesituation",
                    ),
                ),
            ],
            options={
                "verbose_name": "утверждение показателей",
                "verbose_name_plural": "утверждения показателей",
                "ordering": ("place", "-year"),
                "constraints": [models.UniqueConstraint(fields=("place", "year"), name="targets_approved_once_a_year")],
            },
        ),
        migrations.CreateModel(
            name="TypicalProblem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="номер в документе")),
                ("title", models.TextField(verbose_name="проблема")),
                (
                    "life_situation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="typical_problems",
                        to="regions.lifesituation",
                    ),
                ),
            ],
            options={
                "verbose_name": "типовая проблема",
                "verbose_name_plural": "типовые проблемы",
                "ordering": ("life_situation", "number"),
                "constraints": [
                    models.UniqueConstraint(fields=("life_situation", "number"), name="typical_problem_number_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TypicalSolution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="порядок")),
                ("text", models.TextField(verbose_name="возможное решение")),
                (
                    "is_federal",
                    models.BooleanField(default=False, verbose_name="возможно только на федеральном уровне (Ф)"),
                ),
                (
                    "problem",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="solutions",
                        to="regions.typicalproblem",
                    ),
                ),
            ],
            options={
                "verbose_name": "типовое решение",
                "verbose_name_plural": "типовые решения",
                "ordering": ("problem", "position"),
                "constraints": [
                    models.UniqueConstraint(fields=("problem", "position"), name="typical_solution_position_once")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="body",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_on", None), ("kind__in", ["headquarters", "expert_group"])),
                fields=("region", "kind"),
                name="one_headquarters_and_one_expert_group",
                violation_error_message="Такой орган в регионе уже действует",
            ),
        ),
    ]
