from gigstream.core.errors import Refusal


class NotWithProvider(Refusal):
    """The provider does not have the transfer, or is done with it."""

    code = "not_with_provider"


class NotForStaff(Refusal):
    """The transfer on chain does not wait for staff."""

    code = "not_for_staff"


class ProviderSaidNo(Refusal):
    """The provider refused."""

    code = "provider_refused"


class ProviderSilent(Refusal):
    """The provider did not answer: the next look shows whether it did it."""

    code = "provider_silent"
    status = 503
