"""Workers' identities and social accounts."""

from tests.support.database.breaks import breaks
from tests.support.database.rich_history import History
from tests.support.database.valid_rows import AT, insert, valid
from workers.models import ChainIdentity, SocialAccount, Worker


@breaks("identity_is_of_one_worker")
def an_identity_at_which_another_is_paid(h: History) -> None:
    insert(valid(ChainIdentity, address=h.worker.wallet_address))


@breaks("identity_is_of_one_worker")
def an_account_on_two_chains_of_two_workers(h: History) -> None:
    first = insert(valid(ChainIdentity))
    insert(valid(ChainIdentity, chain="eip155:10", address=first.address))


@breaks("identities_end_with_the_account")
def an_identity_left_behind(h: History) -> None:
    insert(valid(ChainIdentity, worker=insert(valid(Worker, deleted_at=AT))))


@breaks("identities_end_with_the_account")
def a_social_account_left_behind(h: History) -> None:
    insert(valid(SocialAccount, worker=insert(valid(Worker, deleted_at=AT))))
