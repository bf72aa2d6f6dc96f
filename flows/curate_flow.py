"""`python -m flows.curate_flow`: the same as `fashion-pggan flows run curate`."""

from fashion_pggan.command.entry import run

if __name__ == "__main__":
    run("flows", "run", "curate")
