"""What the scores of a study would be worth if nodes lay at other locations."""
