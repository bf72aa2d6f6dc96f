"""`python -m train …`: the same as `fashion-pggan train …`."""

from fashion_pggan.command.line import run
from train.command_line import app

if __name__ == "__main__":
    run(*app.name)
