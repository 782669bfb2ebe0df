from django.urls import path

from payments.api import money, streams, withdrawals

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
    path("balance", money.PlatformBalance.as_view(), name="balance"),
    path("deposits", money.Deposits.as_view(), name="deposits"),
    path("withdrawals", withdrawals.Withdrawals.as_view(), name="withdrawals"),
    path("withdrawals/<id:withdrawal_id>", withdrawals.OneWithdrawal.as_view(), name="withdrawal"),
    path("withdrawals/<id:withdrawal_id>/stop", withdrawals.StopWithdrawal.as_view(), name="withdrawal-stop"),
    path("withdrawal-address", withdrawals.WithdrawalAddressView.as_view(), name="withdrawal-address"),
    path(
        "withdrawal-address/nonce",
        withdrawals.StartWithdrawalAddress.as_view(),
        name="withdrawal-address-nonce",
    ),
    path("analytics", money.Analytics.as_view(), name="analytics"),
    path("analytics/daily", money.DailyAnalytics.as_view(), name="analytics-daily"),
]
