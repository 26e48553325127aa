"""``python -m gradcheck_cli``, which is what ``gradcheck`` runs as well."""

import signal

__all__ = ["main"]

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is who understands it: no traceback of our imports

from gradcheck_cli.cli.main import main

if __name__ == "__main__":
    main()
