from django.contrib.auth.hashers import BCryptSHA256PasswordHasher


class Bcrypt10(BCryptSHA256PasswordHasher):
    """bcrypt at cost 10 over SHA-256, so that long passwords are neither cut nor an error."""

    rounds = 10
