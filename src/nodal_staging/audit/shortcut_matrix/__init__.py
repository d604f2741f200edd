"""What CNNs learn from the node, from its surroundings, and from both."""
