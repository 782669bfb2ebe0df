"""The web server that stands before the others, where this machine has one."""

import shutil

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
