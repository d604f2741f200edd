"""The reader study as a folder with a page: hand it out, and import the answers."""
