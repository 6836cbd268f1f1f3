"""What the service tells of its own work: metrics, traces, and which request and run a line of the log belongs to."""
