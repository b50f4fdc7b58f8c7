"""`python -m cadgate`, the same as the command `cadgate`."""

from cadgate.cli import main

if __name__ == "__main__":
    main()
