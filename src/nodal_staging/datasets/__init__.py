"""Which nodes train and which test."""
