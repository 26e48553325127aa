"""``python -m gradcheck_cli``, which is what ``gradcheck`` runs as well."""

import signal
import sys

__all__ = ["main"]

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is who understands it: no traceback of our imports
if __name__ == "__main__" and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # the current folder: a file there must not stand in for a module that is imported from now on

from gradcheck_cli.cli.main import main

if __name__ == "__main__":
    main()
