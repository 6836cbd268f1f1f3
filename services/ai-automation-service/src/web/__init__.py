"""The page: static files, no build step, nothing from elsewhere."""
