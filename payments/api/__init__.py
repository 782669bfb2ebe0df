"""The doors to money over HTTP."""
