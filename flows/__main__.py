"""`python -m flows …`: the same as `fashion-pggan flows …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("flows")
