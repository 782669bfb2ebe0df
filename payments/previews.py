"""What dry runs tell about money."""

from gigstream.lib.api import previews
from payments.services import ledger

previews.register("postings", ledger.watching)
