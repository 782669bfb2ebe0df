"""Groups for the roles of staff. Their permissions are set after each migration, when all exist."""

from django.db import migrations

ROLES = ("operations", "finance", "risk", "support", "auditor")


def make_roles(apps, schema_editor):
    """Make a group for each role."""
    Group = apps.get_model("auth", "Group")
    Group.objects.bulk_create([Group(name=name) for name in ROLES], ignore_conflicts=True)


def delete_roles(apps, schema_editor):
    """Delete the groups of the roles."""
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("gigstream_staff", "0001_initial"),
    ]

    operations = [migrations.RunPython(make_roles, delete_roles)]
