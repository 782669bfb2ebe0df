"""The doors to reputation over HTTP."""
