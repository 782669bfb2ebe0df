"""Staff pages that span apps; figures of one app come from its `reports` and selectors."""
