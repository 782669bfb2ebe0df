"""For each operation of workers' identities and social accounts, a request that may be made now."""

from gigstream.core.clock import database_now
from tests.support.api.asks import Ask, Body, proved_by, request_for
from tests.support.factories import WorkerFactory
from tests.support.servers.oauth import NAME, use_network
from workers import services as workers
from workers.models import ChainIdentity, SocialAccount, Worker
from workers.sign_in.tokens import SignedAccount
from workers.social.oauth import SocialUser
from workers.wallets.messages import identity_statement


def _worker() -> Worker:
    return WorkerFactory.create(now=database_now())


def _identity(worker: Worker) -> ChainIdentity:
    number = ChainIdentity.objects.count() + 1
    signed = SignedAccount("eip155:1", f"0xc{number:039x}", workers.make_nonce().nonce)
    return workers.add_identity(worker_id=worker.pk, signed=signed)


def _account(worker: Worker) -> SocialAccount:
    user = SocialUser(NAME, f"of-{worker.pk}", "row")
    return workers.link_social_account(worker_id=worker.pk, user=user)


@request_for("list_my_identities")
def _() -> Ask:
    worker = _worker()
    _identity(worker)
    return Ask(worker, "me/identities")


@request_for("start_identity")
def _() -> Ask:
    first, second = ({"chain": "eip155:1", "wallet_address": f"0x{'d' * 39}{one}"} for one in "12")
    return Ask(_worker(), "me/identities/nonce", first, second)


@request_for("add_identity")
def _() -> Ask:
    worker = _worker()
    first, second = (proved_by(identity_statement(worker.pk)) for _ in range(2))
    return Ask(worker, "me/identities", first, second)


@request_for("remove_identity")
def _() -> Ask:
    worker = _worker()
    return Ask(worker, f"me/identities/{_identity(worker).pk}/remove", {})


@request_for("list_my_social_accounts")
def _() -> Ask:
    use_network()
    worker = _worker()
    _account(worker)
    return Ask(worker, "me/social-accounts")


@request_for("start_social_account")
def _() -> Ask:
    use_network()
    return Ask(_worker(), "me/social-accounts", {"network": NAME})


@request_for("complete_social_account")
def _() -> Ask:
    network, worker = use_network(), _worker()

    def consented() -> Body:
        login = f"user-{worker.pk}"
        network.add_user(login, "row")
        started = workers.start_social_account(worker_id=worker.pk, network=NAME)
        sent_back = network.consent(started.url, login)
        return {name: sent_back[name] for name in ("state", "code")}

    return Ask(worker, "me/social-accounts/complete", consented(), consented())


@request_for("unlink_social_account")
def _() -> Ask:
    use_network()
    worker = _worker()
    return Ask(worker, f"me/social-accounts/{_account(worker).pk}/unlink", {})
