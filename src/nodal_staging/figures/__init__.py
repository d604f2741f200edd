"""Figures of the paper; each draws what the artefacts say and nothing else."""
