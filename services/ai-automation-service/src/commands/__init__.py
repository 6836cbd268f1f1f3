"""What the commands of ``python -m src.cli`` do; each imports only what it needs, when it runs."""
