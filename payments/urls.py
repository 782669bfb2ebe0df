from django.urls import path

from payments.figures import api as figures
from payments.ledger.api import platforms as ledger
from payments.oracle.api import platforms as oracle
from payments.settlement.deposits import api as deposits
from payments.settlement.transactions.api import platforms as money
from payments.streams.api import platforms as streams

urlpatterns = [
    path("streams", streams.Streams.as_view(), name="streams"),
    path("streams/<id:stream_id>", streams.OneStream.as_view(), name="stream"),
    path("streams/<id:stream_id>/pause", streams.Pause.as_view(), name="stream-pause"),
    path("streams/<id:stream_id>/resume", streams.Resume.as_view(), name="stream-resume"),
    path("streams/<id:stream_id>/cancel", streams.Cancel.as_view(), name="stream-cancel"),
    path("streams/<id:stream_id>/top-up", streams.TopUp.as_view(), name="stream-top-up"),
    path("transactions", money.Transactions.as_view(), name="transactions"),
    path("transactions/<id:transaction_id>", money.OneTransaction.as_view(), name="transaction"),
    path(
        "transactions/<id:transaction_id>/tasks",
        money.TransactionTasks.as_view(),
        name="transaction-tasks",
    ),
    path("payments/<id:transaction_id>/explain", money.Explain.as_view(), name="payment-explain"),
    path("balance", ledger.PlatformBalance.as_view(), name="balance"),
    path("deposits", deposits.Deposits.as_view(), name="deposits"),
    path("sync-health", oracle.SyncHealthView.as_view(), name="sync-health"),
    path("analytics", figures.Analytics.as_view(), name="analytics"),
    path("analytics/daily", figures.DailyAnalytics.as_view(), name="analytics-daily"),
]
