"""Masks, measurements and patches of lymph nodes."""
