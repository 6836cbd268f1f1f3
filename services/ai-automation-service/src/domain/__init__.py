"""The nouns every room shares: events, patterns, runs, local time. Imports nothing of this service but errors."""
