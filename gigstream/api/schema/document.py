"""Settings of the API document that drf-spectacular makes: its title, version and credentials."""

SPECTACULAR_SETTINGS = {
    "TITLE": "GigStream",
    "DESCRIPTION": "Real-time USDC pay for gig workers. Amounts are strings; times are RFC 3339 in UTC.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "AUTHENTICATION_WHITELIST": [],
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "string", "format": "uuid"}},
    "POSTPROCESSING_HOOKS": ["gigstream.api.schema.openapi.finish_document"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "platformKey": {
                "type": "http",
                "scheme": "bearer",
                "description": "an API key of a platform, `gs_live_…` or `gs_test_…`",
            },
            "workerToken": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "an access token of a worker",
            },
        }
    },
}
