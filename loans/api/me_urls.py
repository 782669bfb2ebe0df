from django.urls import path

from loans.api import me

urlpatterns = [
    path("me/earnings", me.MyEarnings.as_view(), name="me-earnings"),
    path("me/forecast", me.MyForecast.as_view(), name="me-forecast"),
    path("me/risk", me.MyRisk.as_view(), name="me-risk"),
    path("me/advances", me.MyAdvances.as_view(), name="me-advances"),
    path("me/advances/eligibility", me.Eligibility.as_view(), name="me-advances-eligibility"),
    path("me/advances/offer", me.Offer.as_view(), name="me-advances-offer"),
    path("me/advances/<id:loan_id>", me.MyAdvance.as_view(), name="me-advance"),
    path("me/advances/<id:loan_id>/cancel", me.CancelAdvance.as_view(), name="me-advance-cancel"),
    path("me/advances/<id:loan_id>/repay", me.RepayAdvance.as_view(), name="me-advance-repay"),
    path("me/advances/<id:loan_id>/progress", me.AdvanceProgress.as_view(), name="me-advance-progress"),
]
