-- The status of a creator of the platform, which stays as it is until the transaction ends.
SELECT status FROM creator_profiles WHERE id = %(creator)s::uuid AND platform_id = %(platform)s::uuid
FOR KEY SHARE
