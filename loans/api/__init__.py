"""The doors to earnings, risk and advances over HTTP."""
