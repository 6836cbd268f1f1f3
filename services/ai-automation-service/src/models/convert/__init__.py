"""Source weights to OpenVINO graphs. Runs in the preparing child process alone; serving loads none of it."""
