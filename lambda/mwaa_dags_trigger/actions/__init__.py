"""What a caller can request: trigger a DAG run, return its state, check whether it has ended, or describe a DAG."""
