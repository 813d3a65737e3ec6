import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("surveys", "0012_links_know_their_form"),
        ("surveys", "0017_comments_are_searched_by_stems"),
    ]

    operations = [
        migrations.AddField(
            model_name="responseimport",
            name="problem_list",
            field=models.JSONField(blank=True, null=True),
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
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="surveys.surveylink"
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="кто снял",
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
    ]
