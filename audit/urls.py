from django.urls import path

from audit.api import TestLetters

urlpatterns = [path("test/letters", TestLetters.as_view(), name="test-letters")]
