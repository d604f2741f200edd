"""The effect of the location on scores: the same node at every location."""
