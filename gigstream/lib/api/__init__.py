"""What every door over HTTP has in common: how input is read, refused, limited, listed and answered."""
