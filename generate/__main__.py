"""`python -m generate …`: the same as `fashion-pggan generate …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("generate")
