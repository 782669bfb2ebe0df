from django.db.models import TextChoices


class ProofStatus(TextChoices):
    RECEIVED = "received"
    PROVED = "proved"
    REFUSED = "refused"


PROOF_MOVES = {
    ProofStatus.RECEIVED: frozenset({ProofStatus.PROVED, ProofStatus.REFUSED}),
    # A worker may name the transaction again, once what stood against it has changed.
    ProofStatus.REFUSED: frozenset({ProofStatus.RECEIVED}),
    ProofStatus.PROVED: frozenset(),
}
