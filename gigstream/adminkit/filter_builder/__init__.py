"""The filter builder of lists: conditions on columns, read from the address and drawn as a form."""
