"""Pages for staff: API keys."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, RowAction, by_text, by_uuid
from platforms import services
from platforms.models import ApiKey
from platforms.platforms.forms import NewKeyForm, add_key, rotate_key

make_key = RowAction(
    name="make_key",
    label="Make an API key",
    done="given a key",
    run=add_key,
    form=NewKeyForm,
    when=lambda platform: platform.is_active and platform.deleted_at is None,
    single=True,
    note="The key is shown once, on the next page.",
)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "prefix",
        "platform",
        "name",
        "is_live",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_select_related = ("platform",)
    list_filter = ("is_live", ("revoked_at", admin.EmptyFieldListFilter))
    belongs = ("platform",)
    searches = (by_text("prefix"), by_uuid("platform_id"))
    search_help_text = "prefix of the key, or platform id"
    actions = (
        RowAction(
            name="rotate",
            label="Rotate",
            done="rotated",
            run=rotate_key,
            when=lambda key: key.revoked_at is None,
            single=True,
            note="The old key works for 24 hours more.",
        ),
        RowAction(
            name="revoke",
            label="Revoke",
            done="revoked",
            run=lambda key, reason: services.revoke_api_key(key_id=key.pk, reason=reason),
            when=lambda key: key.revoked_at is None,
            note="It stops working at once.",
        ),
    )
