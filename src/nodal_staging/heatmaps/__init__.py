"""Heatmaps of the CNNs for the test nodes, their files and sanity checks."""
