"""Areas, curves, proportions and resampling of arrays, without files and without R."""
