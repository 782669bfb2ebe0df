from django.urls import path

from workers.identities import api as identities
from workers.profiles import api as profiles
from workers.sign_in import api as sign_in
from workers.social import api as social
from workers.wallets import api as wallets

urlpatterns = [
    path("auth/register", sign_in.Register.as_view(), name="register"),
    path("auth/confirm", sign_in.ConfirmRegistration.as_view(), name="register-confirm"),
    path("auth/login", sign_in.Login.as_view(), name="login"),
    path("auth/refresh", sign_in.Refresh.as_view(), name="refresh"),
    path("auth/logout", sign_in.Logout.as_view(), name="logout"),
    path("auth/password-reset", sign_in.RequestPasswordReset.as_view(), name="password-reset"),
    path(
        "auth/password-reset/confirm", sign_in.ConfirmPasswordReset.as_view(), name="password-reset-confirm"
    ),
    path("auth/wallet/nonce", sign_in.StartWalletSignIn.as_view(), name="wallet-nonce"),
    path("auth/wallet/verify", sign_in.VerifyWallet.as_view(), name="wallet-verify"),
    path("me", profiles.Me.as_view(), name="me"),
    path("me/wallet", wallets.MyWalletView.as_view(), name="me-wallet"),
    path("me/wallet/nonce", wallets.StartWalletChange.as_view(), name="me-wallet-nonce"),
    path("me/wallet/cancel", wallets.CancelWalletChange.as_view(), name="me-wallet-cancel"),
    path("me/identities", identities.MyIdentitiesView.as_view(), name="me-identities"),
    path("me/identities/nonce", identities.StartIdentity.as_view(), name="me-identities-nonce"),
    path(
        "me/identities/<id:identity_id>/remove",
        identities.RemoveIdentity.as_view(),
        name="me-identity-remove",
    ),
    path("me/social-accounts", social.MySocialAccountsView.as_view(), name="me-social-accounts"),
    path(
        "me/social-accounts/complete",
        social.CompleteSocialAccount.as_view(),
        name="me-social-accounts-complete",
    ),
    path(
        "me/social-accounts/<id:account_id>/unlink",
        social.UnlinkSocialAccount.as_view(),
        name="me-social-account-unlink",
    ),
]
