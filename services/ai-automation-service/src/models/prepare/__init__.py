"""A model made ready to be loaded: from the cache, or fetched and converted in a child process of its own."""
