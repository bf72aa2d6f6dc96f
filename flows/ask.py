"""`python -m flows.ask …`: the same as `fashion-pggan flows ask …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("flows", "ask")
