"""Classifiers judged by patient: stages of the nodes, and how they change."""
