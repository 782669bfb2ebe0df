-- What the use of these days of creators is worth: plays by their rates, those refused left out, purchases and tips.
SELECT creator_number, day, sum((plays - refused) * rate + sales) AS amount
FROM royalty_uses(%(creators)s::bigint[], %(days)s::date[]) GROUP BY 1, 2
