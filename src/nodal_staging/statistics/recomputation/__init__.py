"""A second implementation of every printed statistic, run on every study.

It reads the files that the first one wrote and the scores behind them, and imports
nothing of the modules under check. ``second_estimates`` and ``second_draws`` are
formulae, ``*_checks`` apply them, ``ledger`` keeps the account, ``recompute`` runs all.
"""
