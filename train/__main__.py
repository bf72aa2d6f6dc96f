"""`python -m train …`: the same as `fashion-pggan train …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("train")
