-- Lock the end of a platform's chain of receipts, made where it is missing.
INSERT INTO usage_receipt_chains AS c (platform_id, last_number, last_hash)
VALUES (%(platform)s, 0, %(genesis)s)
ON CONFLICT (platform_id) DO UPDATE SET last_number = c.last_number
RETURNING last_number, last_hash
