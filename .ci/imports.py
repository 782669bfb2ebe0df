"""Import every module of GigStream, so that a package that no list of requirements names is found missing."""

import importlib
import os
import pkgutil
import sys
from pathlib import Path

import django

FOLDERS = ("gigstream", "workers", "platforms", "payments", "reputation", "loans", "audit")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gigstream.settings")
os.chdir(Path(__file__).resolve().parent.parent)
sys.path.insert(0, ".")
django.setup()
# Importing a `__main__` would run its program.
names = [
    module.name
    for folder in FOLDERS
    for module in pkgutil.walk_packages([folder], f"{folder}.")
    if not module.name.endswith("__main__")
]
for name in names:
    importlib.import_module(name)
print(len(names), "modules")
