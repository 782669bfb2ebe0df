"""Invariants of identities."""

from audit.books.invariant_registry import Invariant, by_sql, register

register(
    Invariant(
        "identity_is_of_one_worker",
        "The account of an identity is no identity of another worker, nor the address at which one is paid.",
        by_sql(
            """
            SELECT i.id
            FROM chain_identities i
            WHERE EXISTS (SELECT FROM chain_identities o
                          WHERE o.address = i.address AND o.worker_id <> i.worker_id)
               OR EXISTS (SELECT FROM workers w WHERE w.wallet_address = i.address AND w.id <> i.worker_id)
            ORDER BY i.id
            """
        ),
    )
)

register(
    Invariant(
        "identities_end_with_the_account",
        "A worker who has left has no identities and no social accounts.",
        by_sql(
            """
            SELECT w.id
            FROM workers w
            WHERE w.deleted_at IS NOT NULL
              AND (EXISTS (SELECT FROM chain_identities i WHERE i.worker_id = w.id)
                   OR EXISTS (SELECT FROM social_accounts s WHERE s.worker_id = w.id))
            ORDER BY w.id
            """
        ),
    )
)
