"""What Prefect runs: the flows, the task they share, and the ways to start them."""
