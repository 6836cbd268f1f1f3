"""Source weights to OpenVINO graphs. Runs in the preparing child process; serving loads none of it but ``compact``."""
