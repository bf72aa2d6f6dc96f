"""What more GPUs and more processes cost and bring: counted on paper, and measured in turns."""
