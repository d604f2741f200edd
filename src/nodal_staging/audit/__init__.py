"""The shortcut audit: what is the node, and what is its location."""
