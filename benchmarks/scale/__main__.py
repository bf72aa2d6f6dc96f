"""`python -m benchmarks.scale`: a schedule on more GPUs, counted and computed."""

from benchmarks.scale.counted import main
from fashion_pggan.command.edge import run_command

if __name__ == "__main__":
    run_command(main)
