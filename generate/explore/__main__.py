"""`python -m generate.explore …`: the same as `fashion-pggan explore …`."""

from fashion_pggan.command.line import run

if __name__ == "__main__":
    run("explore")
