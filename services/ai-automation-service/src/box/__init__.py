"""What this process may use of the machine: processors and memory, as its container allows. Imports no room."""
