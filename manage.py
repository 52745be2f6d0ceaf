#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from rozoom_support.local.environment import load_for_commands
from rozoom_support.local.state import LocalError


def main() -> None:
    if not os.environ.get("DATABASE_URL"):
        try:
            load_for_commands(os.environ)
        except LocalError as problem:
            sys.exit(str(problem))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rozoom_support.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
