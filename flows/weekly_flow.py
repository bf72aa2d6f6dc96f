"""`python -m flows.weekly_flow`: the same as `fashion-pggan flows run weekly`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("flows", "run", "weekly")
