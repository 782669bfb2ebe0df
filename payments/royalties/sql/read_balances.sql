-- The carried balances and remainders of creators, by their numbers.
SELECT creator_number, carried, remainder FROM carried_balances WHERE creator_number = ANY(%(creators)s::bigint[])
