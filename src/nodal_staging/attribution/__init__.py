"""Where a network looks, and how far such a map can be trusted.

PatternNet and PatternAttribution for Keras 3, the maps that they must be compared
with, and the checks that a map must pass. This folder is a package of its own: it
imports nothing of the study around it (see its README).

Arrays of images are ``(n, y, x, channels)``, maps ``(n, y, x)``.
"""
