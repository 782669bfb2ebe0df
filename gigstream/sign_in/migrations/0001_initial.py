from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="SignInAttempts",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "email_hash",
                    models.CharField(
                        editable=False, help_text="keyed, of the email address or staff's name", max_length=64
                    ),
                ),
                (
                    "source_hash",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="keyed, of name and source; empty for the name",
                        max_length=64,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField()),
                ("began_at", models.DateTimeField(help_text="of the first of these tries")),
                (
                    "last_at",
                    models.DateTimeField(db_index=True, help_text="of the last try that was let through"),
                ),
            ],
            options={
                "verbose_name_plural": "sign-in attempts",
                "db_table": "sign_in_attempts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("tries__gt", 0)), name="sign_in_attempts_counted"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email_hash__regex", "^[0-9a-f]{64}$")),
                        name="sign_in_email_hash_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source_hash", ""), ("source_hash__regex", "^[0-9a-f]{64}$"), _connector="OR"
                        ),
                        name="sign_in_source_hash_is_sha256",
                    ),
                    models.UniqueConstraint(
                        fields=("email_hash", "source_hash"), name="sign_in_attempts_once_per_source"
                    ),
                ],
            },
        ),
    ]
