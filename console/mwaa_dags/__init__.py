"""Operate deployed executions: run, status, redrive, remaining, timeline and doctor."""
