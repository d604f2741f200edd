"""Readers among themselves, and networks against them.

``ratings`` (ratings and calls on common nodes) -> ``areas`` and
``inter_reader_agreement`` (readers) -> ``contrasts`` (networks against the readers'
mean) -> ``reader_tables`` (all files) -> ``reader_study_page``; ``exports`` writes the
ratings for MRMC software.
"""
