from django.urls import path

from reputation.api import me

urlpatterns = [
    path("me/reputation", me.MyReputation.as_view(), name="me-reputation"),
    path("me/reputation/history", me.MyReputationHistory.as_view(), name="me-reputation-history"),
]
