"""`python -m generate …`: the same as `fashion-pggan generate …`."""

from fashion_pggan.command.line import run
from generate.command_line import app

if __name__ == "__main__":
    run(*app.name)
