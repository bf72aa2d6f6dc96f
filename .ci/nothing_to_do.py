"""Check that `make demo` has nothing to do: run it again, and fail if a stage ran."""

import subprocess
import sys
import time

AT_MOST_S = 60.0  # seconds


def main() -> None:
    """End with an error text when a stage ran or it took long."""
    began = time.monotonic()
    run = subprocess.run(["make", "demo"], capture_output=True, text=True, check=False)
    took_s = time.monotonic() - began
    print(run.stdout, run.stderr, sep="")
    if run.returncode or "Running stage" in run.stdout or "didn't change, skipping" not in run.stdout:
        sys.exit("error: a second make demo ran a stage")
    if took_s > AT_MOST_S:
        sys.exit(f"error: a second make demo took {took_s:.0f} s")
    print(f"a second make demo: {took_s:.1f} s")


if __name__ == "__main__":
    main()
