"""The three networks, from augmentation to scores."""
