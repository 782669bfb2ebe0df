"""Saved views: the conditions and the order of a list under a name, for one member of staff or for all."""
