"""``python -m junco``: the command ``junco``, of this Python."""

from junco.cli.main import main

if __name__ == "__main__":
    main()
