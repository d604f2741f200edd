"""Readers among themselves, and networks against them.

``calls`` (who rated and called which node) -> ``areas`` and ``kappa`` (readers) ->
``contrasts`` (networks against the readers' mean) -> ``study`` (all files) ->
``page``; ``exports`` writes the ratings for MRMC software.
"""
