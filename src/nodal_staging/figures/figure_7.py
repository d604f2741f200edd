"""Figure 7: heatmaps of two CNNs for a positive and a negative node of one location."""

from functools import partial

from nodal_staging.figures.heatmaps import draw_heatmaps
from nodal_staging.heatmaps.shown_nodes import paired_examples

draw_figure_7 = partial(draw_heatmaps, choose=paired_examples)
