"""`python -m demo_shop …`: the same as `fashion-pggan demo-shop …`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("demo-shop")
