"""Readers among themselves, and networks against them.

``ratings`` (ratings and calls on common nodes) -> ``areas`` and ``kappa`` (readers) ->
``contrasts`` (networks against the readers' mean) -> ``reader_tables`` (all files) ->
``page``; ``exports`` writes the ratings for MRMC software.
"""
