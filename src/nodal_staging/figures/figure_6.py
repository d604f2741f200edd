"""Figure 6: heatmaps of the three CNNs for a positive and a negative node."""

from functools import partial

from nodal_staging.figures.heatmaps import draw_heatmaps
from nodal_staging.heatmaps.shown_nodes import single_examples

draw_figure_6 = partial(draw_heatmaps, choose=single_examples)
