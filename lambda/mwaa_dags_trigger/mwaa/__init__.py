"""The MWAA API: the client, its errors, and the environments."""
