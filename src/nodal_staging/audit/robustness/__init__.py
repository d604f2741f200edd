"""By how much scores and calls change when what should not matter changes."""
