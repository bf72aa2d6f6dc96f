"""`python -m evaluate …`: the same as `fashion-pggan evaluate …`."""

from evaluate.command_line import app
from fashion_pggan.command.line import run

if __name__ == "__main__":
    run(*app.name)
