"""The row that says for good whether the database is a test or a live one, and for which provider."""

from django.db import migrations

from audit.database_identity.services import configured_identity


def write_identity(apps, schema_editor):
    """Write down the identity that the settings of this run describe."""
    kind, provider = configured_identity()
    apps.get_model("audit", "DatabaseIdentity").objects.create(pk=1, kind=kind, provider=provider)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    # The row never goes by itself: it goes with its table.
    operations = [migrations.RunPython(write_identity, migrations.RunPython.noop)]
