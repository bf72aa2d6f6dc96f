"""`python -m fashion_pggan.preset …`: the same as `fashion-pggan use …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("use")
