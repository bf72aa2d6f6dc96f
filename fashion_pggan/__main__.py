"""`python -m fashion_pggan`: the command `fashion-pggan`."""

from fashion_pggan.command.entry import main

if __name__ == "__main__":
    main()
