"""How requests reach Airflow: over the CLI endpoint of MWAA or over the REST API of Airflow."""
