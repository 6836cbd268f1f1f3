"""Homes that never were, with the truth about their routines: for the demo, the benchmark and the evaluation."""
