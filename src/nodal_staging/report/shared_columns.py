"""Columns that several tables of the report have."""

from nodal_staging.heatmaps.options import method_name
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Column
from nodal_staging.tables.grid_columns import counts

CLASSIFIER: Column = ("Classifier", lambda row: printed(row["classifier"]))
CNN: Column = ("CNN", lambda row: printed(f"cnn_{row['cnn']}"))
METHOD: Column = ("Method", lambda row: method_name(row["method"]))
NODES: Column = counts("Nodes", "nodes")
