"""Radiomics of a node: a compact set of features as defined by the IBSI.

Data flows one way: ``first_order``, ``surface`` -> ``node_shape``, ``texture`` and
``surroundings`` -> ``node_features`` (one row per node).

References
----------
Zwanenburg et al., The image biomarker standardization initiative, Radiology
2020;295:328, and its reference manual, arXiv:1612.07003.
"""
