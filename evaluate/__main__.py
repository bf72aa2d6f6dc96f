"""`python -m evaluate …`: the same as `fashion-pggan evaluate …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("evaluate")
