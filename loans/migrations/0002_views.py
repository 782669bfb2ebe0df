from django.db import migrations

from gigstream.core import sql


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0001_initial"),
        ("payments", "0002_functions_and_views"),
        ("platforms", "0001_initial"),
        ("workers", "0001_initial"),
    ]

    operations = [
        sql.migration("loans/migrations/subject_protection"),
        sql.migration("loans/migrations/worker_earnings_view"),
        sql.migration("loans/migrations/worker_risk_assessment"),
        sql.migration("loans/migrations/loan_repayment_status_view"),
    ]
