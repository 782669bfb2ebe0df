from django.urls import path

from workers.api import me, sign_in

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
    path("me", me.Me.as_view(), name="me"),
    path("me/wallet", me.MyWalletView.as_view(), name="me-wallet"),
    path("me/wallet/nonce", me.StartWalletChange.as_view(), name="me-wallet-nonce"),
    path("me/wallet/cancel", me.CancelWalletChange.as_view(), name="me-wallet-cancel"),
]
