"""`python -m curate …`: the same as `fashion-pggan curate …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("curate")
