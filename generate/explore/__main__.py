"""`python -m generate.explore …`: the same as `fashion-pggan explore …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("explore")
