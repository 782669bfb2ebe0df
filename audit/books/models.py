from django.db import models

from gigstream.core.states import append_only


class BookCheck(models.Model):
    """The result of an invariant in a run of `check_books`. Never changes."""

    id = models.BigAutoField(primary_key=True)
    checked_at = models.DateTimeField()
    name = models.CharField(max_length=64)
    words = models.TextField(help_text="the invariant in words")
    violations = models.PositiveIntegerField()
    offenders = models.JSONField(default=list, blank=True, help_text="the first offending ids")
    milliseconds = models.PositiveIntegerField()
    passed = models.GeneratedField(
        expression=models.Case(
            models.When(violations=0, then=models.Value(True)), default=models.Value(False)
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        db_table = "book_checks"
        indexes = [models.Index(name="book_checks_recent", fields=["-checked_at", "name"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.name}: {self.violations}"
