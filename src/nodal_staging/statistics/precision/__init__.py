"""What a study of a given size can tell: widths of intervals, least differences.

``area`` (AUC) and ``power`` (McNemar's test) compute, ``precision_tables`` gathers,
``precision_page`` prints.
"""
