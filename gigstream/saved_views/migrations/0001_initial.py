import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import gigstream.core.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "list_of",
                    models.CharField(
                        help_text="the model of the list, as in payments.transaction", max_length=100
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "query",
                    models.JSONField(
                        help_text="conditions (column, operator, values), the order, and filters of the list's own"
                    ),
                ),
                ("is_shared", models.BooleanField(default=False)),
                (
                    "position",
                    models.PositiveIntegerField(default=0, help_text="among the owner's views of the list"),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow(), editable=False),
                ),
                ("changed_at", models.DateTimeField(db_default=gigstream.core.clock.DatabaseNow())),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pinned_by",
                    models.ManyToManyField(
                        blank=True,
                        db_table="saved_view_pins",
                        related_name="pinned_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "saved_views",
                "indexes": [models.Index(fields=["list_of", "is_shared"], name="saved_views_list")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "list_of", "name"), name="saved_view_name_once_for_owner"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(
                                (
                                    "name__regex",
                                    "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]",
                                ),
                                _negated=True,
                            ),
                        ),
                        name="saved_view_has_a_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("list_of__regex", "^[a-z_]+\\.[a-z]+$")),
                        name="saved_view_names_its_list",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("query__has_keys", ["conditions", "filters", "sort"])),
                        name="saved_view_has_its_parts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("changed_at__gte", models.F("created_at"))),
                        name="saved_view_changed_after_it_was_made",
                    ),
                ],
            },
        ),
    ]
