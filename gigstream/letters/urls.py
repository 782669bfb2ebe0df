from django.urls import path

from gigstream.letters.api import TestLetters

urlpatterns = [path("test/letters", TestLetters.as_view(), name="test-letters")]
