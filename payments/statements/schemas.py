from rest_framework import serializers

from gigstream.api.fields import Amount, Choice, Instant, Text, Whole
from gigstream.api.schema.describing import describe_rows
from payments.ledger.entry_kinds import kind_names
from payments.ledger.enums import AccountName
from payments.models import Transaction

# Columns of a payment that both its platform and its worker may see.
EXPLAINED_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "type",
    "status",
    "amount",
    "task_id",
    "stream_id",
    "quest_id",
    "to_wallet",
    "tx_hash",
    "block_number",
    "submitted_at",
    "confirmed_at",
    "ended_at",
)


ExplainedPayment = describe_rows("ExplainedPayment", Transaction, EXPLAINED_COLUMNS)


class ExplainedEntry(serializers.Serializer):
    """A ledger entry on an account of the caller's."""

    id = Whole()
    created_at = Instant()
    kind = Choice(choices=kind_names())
    amount = Amount()
    debit = Choice(choices=AccountName.values, help_text="the account that it left")
    credit = Choice(choices=AccountName.values, help_text="the account that it reached")


class ExplainedDeduction(serializers.Serializer):
    """An amount that was withheld from an earning."""

    earning = Text(help_text="the fact that was paid for")
    amount = Amount()


class ExplainedMoment(serializers.Serializer):
    """An event in the history of the payment."""

    at = Instant()
    kind = serializers.ChoiceField(choices=["call", "report", "act"])
    text = Text()


class Explanation(serializers.Serializer):
    """Inputs, formula, entries and history of a payment."""

    payment = ExplainedPayment()
    sentence = Text(help_text="the explanation in words")
    formula = Text(help_text="how the amount follows from the inputs")
    inputs = serializers.DictField(help_text="the values in the formula, by name")
    deductions = ExplainedDeduction(many=True)
    entries = ExplainedEntry(many=True, help_text="in the ledger, as far as they touch your accounts")
    timeline = ExplainedMoment(many=True, help_text="calls to the provider, its reports, and acts, in order")
