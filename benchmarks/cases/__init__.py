"""What is measured: each module has its cases, and `run`, which measures those that are wanted."""
