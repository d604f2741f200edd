"""Where the networks look: maps of nodes, their files and sanity checks."""
