-- A listener who has a digest, which stays until the transaction ends.
SELECT id FROM listeners WHERE id = %(listener)s AND digest IS NOT NULL FOR KEY SHARE
