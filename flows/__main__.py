"""`python -m flows …`: the same as `fashion-pggan flows …`."""

from fashion_pggan.command.line import run
from flows.command_line import app

if __name__ == "__main__":
    run(*app.name)
