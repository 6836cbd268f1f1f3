"""From a pattern to a Home Assistant automation: the draft, how it is written, and what speaks against it."""
