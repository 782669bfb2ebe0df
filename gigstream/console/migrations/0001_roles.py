"""The roles of the staff. What each may do is given after every migration, when all permissions exist."""

from django.db import migrations

ROLES = ("operations", "finance", "risk", "support", "auditor")


def make(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Group.objects.bulk_create([Group(name=name) for name in ROLES], ignore_conflicts=True)


def forget(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make, forget)]
