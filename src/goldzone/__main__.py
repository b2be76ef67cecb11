"""``python -m goldzone``."""

from goldzone.cli import main

if __name__ == "__main__":
    main()
