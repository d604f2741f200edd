"""Segmented lymph nodes: read from any format, placed on the CT, matched to nodes.tsv.

``reading`` detects the format, ``resampling`` puts labels on the CT's grid,
``matching`` finds each node's label.
"""
