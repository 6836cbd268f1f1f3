"""What a support thread would ask for: everything that is checked, and how each finding is told without secrets."""
