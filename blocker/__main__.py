"""`python -m blocker` is `unpixel`."""

from blocker.cli import main

if __name__ == "__main__":
    main(prog_name="unpixel")
