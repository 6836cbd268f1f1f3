"""What Home Assistant says of a home, over its API and in its files. Nothing here decides anything."""
