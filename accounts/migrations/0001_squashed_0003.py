"""People, their consents and keys."""

import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    # A database that has only some of them is refused: nsi_portal.checks.
    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_consent_and_history"),
        ("accounts", "0003_api_tokens"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="электронная почта")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(blank=True, max_length=200, verbose_name="должность")),
                ("is_active", models.BooleanField(default=True, verbose_name="может входить")),
                ("date_joined", models.DateTimeField(auto_now_add=True, verbose_name="добавлен")),
            ],
            options={
                "verbose_name": "пользователь",
                "verbose_name_plural": "пользователи",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"), name="user_email_unique_in_any_case"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="для чего")),
                ("beginning", models.CharField(max_length=12, verbose_name="начало")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("may_change", models.BooleanField(default=False, verbose_name="может менять")),
                ("created_at", models.DateTimeField(verbose_name="создан")),
                ("expires_at", models.DateTimeField(verbose_name="действует до")),
                ("last_used_on", models.DateField(blank=True, null=True, verbose_name="последний раз")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="отозван")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="пользователь",
                    ),
                ),
            ],
            options={
                "verbose_name": "ключ API",
                "verbose_name_plural": "ключи API",
                "ordering": ("-created_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="HistoricalUser",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("email", models.EmailField(db_index=True, max_length=254, verbose_name="электронная почта")),
                ("full_name", models.CharField(max_length=200, verbose_name="фамилия, имя, отчество")),
                ("position", models.CharField(blank=True, max_length=200, verbose_name="должность")),
                ("is_active", models.BooleanField(default=True, verbose_name="может входить")),
                ("date_joined", models.DateTimeField(blank=True, editable=False, verbose_name="добавлен")),
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
                "verbose_name": "правка пользователя",
                "verbose_name_plural": "правки пользователей",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=20, verbose_name="версия текста")),
                ("accepted_at", models.DateTimeField(verbose_name="дано")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="пользователь",
                    ),
                ),
            ],
            options={
                "verbose_name": "согласие на обработку персональных данных",
                "verbose_name_plural": "согласия на обработку персональных данных",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "version"), name="one_consent_per_user_and_version")
                ],
            },
        ),
    ]
