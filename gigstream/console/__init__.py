"""The staff's pages that look over all apps; numbers of one app come from that app's `reports`."""
