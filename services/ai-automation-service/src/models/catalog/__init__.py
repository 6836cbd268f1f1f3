"""Which models there are: what each is for, where it may come from, and what it must be."""
