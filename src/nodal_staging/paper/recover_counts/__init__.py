"""The integer counts behind a published two-by-two study.

A table prints rounded shares; the class sizes are known; so each row of counts
either fits what is printed under some rounding rule, or does not. All that fit are
found by trying every pair of true positives and true negatives in exact integers.
From the counts follow the least and largest discordance of each pair of classifiers
and thereby the p values that McNemar's test can have had.

Data flows one way: ``printed`` (the table as text) -> ``fits`` (who fits a cell) ->
``contradictions`` (of a row) -> ``consensus`` (of all rows on the rules) ->
``discordance`` (bounds of McNemar's test) ->
``recovered_counts_page``.
"""
