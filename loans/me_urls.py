from django.urls import path

from loans.applications import api as applications
from loans.policy import api as policy

urlpatterns = [
    path("me/earnings", policy.MyEarnings.as_view(), name="me-earnings"),
    path("me/forecast", policy.MyForecast.as_view(), name="me-forecast"),
    path("me/risk", policy.MyRisk.as_view(), name="me-risk"),
    path("me/advances", applications.MyAdvances.as_view(), name="me-advances"),
    path("me/advances/eligibility", policy.Eligibility.as_view(), name="me-advances-eligibility"),
    path("me/advances/offer", applications.Offer.as_view(), name="me-advances-offer"),
    path("me/advances/<id:loan_id>", applications.MyAdvance.as_view(), name="me-advance"),
    path("me/advances/<id:loan_id>/cancel", applications.CancelAdvance.as_view(), name="me-advance-cancel"),
    path("me/advances/<id:loan_id>/repay", applications.RepayAdvance.as_view(), name="me-advance-repay"),
    path(
        "me/advances/<id:loan_id>/progress",
        applications.AdvanceProgress.as_view(),
        name="me-advance-progress",
    ),
]
