"""The paper's claims C1 to C8, put to any cohort by declared rules.

Data flows one way: ``evidence`` (what the study measured, each with its interval; of
its heatmaps by ``controls``) -> ``rules`` (what an interval says of a limit) ->
``checks`` (one a claim) -> ``table`` (as data and for reading).
"""
