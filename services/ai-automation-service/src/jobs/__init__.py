"""When runs happen: on request, once a night, and never two at a time."""
