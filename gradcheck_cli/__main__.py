"""``python -m gradcheck_cli``: the same command as ``gradcheck``."""

from gradcheck_cli.cli.main import main

if __name__ == "__main__":
    main()
