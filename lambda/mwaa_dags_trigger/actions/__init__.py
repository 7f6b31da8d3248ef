"""What a caller can request: trigger a DAG run, return its state, or check whether it has ended."""
