from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_days"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="stream",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "completed"),
                    models.Q(("released_amount", models.F("total_amount")), _negated=True),
                    _connector="OR",
                ),
                name="stream_with_nothing_left_is_completed",
            ),
        ),
    ]
