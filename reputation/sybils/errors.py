from gigstream.core.errors import Refusal


class ClusterGone(Refusal):
    """No accounts are linked as this cluster any more."""

    code = "cluster_gone"
