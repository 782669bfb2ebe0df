from django.urls import path

from payments.api import me, statements

urlpatterns = [
    path("me/balance", me.Balance.as_view(), name="me-balance"),
    path("me/schedule", me.Schedule.as_view(), name="me-schedule"),
    path("me/streams", me.MyStreams.as_view(), name="me-streams"),
    path("me/streams/<id:stream_id>", me.MyStream.as_view(), name="me-stream"),
    path("me/streams/<id:stream_id>/claim", me.Claim.as_view(), name="me-stream-claim"),
    path("me/payouts", me.MyPayouts.as_view(), name="me-payouts"),
    path("me/payouts/<id:payout_id>", me.MyPayout.as_view(), name="me-payout"),
    path("me/transactions", me.MyTransactions.as_view(), name="me-transactions"),
    path("me/statements/<str:month>", statements.MyStatement.as_view(), name="me-statement"),
]
