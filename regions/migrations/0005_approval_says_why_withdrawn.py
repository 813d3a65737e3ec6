from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("regions", "0004_institution_may_come_back")]
    operations = [
        migrations.AddField(
            model_name=name,
            name="withdrawal_reason",
            field=models.CharField(blank=True, default="", max_length=300, verbose_name="почему отозвано"),
            preserve_default=False,
        )
        for name in ("targetapproval", "historicaltargetapproval")
    ]
