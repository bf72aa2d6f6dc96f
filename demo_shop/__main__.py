"""`python -m demo_shop …`: the same as `fashion-pggan demo-shop …`."""

from demo_shop import command_line
from fashion_pggan.command.line import run

if __name__ == "__main__":
    run(command_line.NAME)
