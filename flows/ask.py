"""`python -m flows.ask …`: the same as `fashion-pggan flows ask …`."""

from fashion_pggan.command.line import run

if __name__ == "__main__":
    run("flows", "ask")
