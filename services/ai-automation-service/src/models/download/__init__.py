"""From a models' hub to a verified file on the disk, in the preparing child process; and what is told of it outside."""
