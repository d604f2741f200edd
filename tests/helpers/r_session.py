"""R as the package starts it, for tests that ask R itself."""

from importlib import import_module

from nodal_staging.statistics import proc

ENGINE = proc.engine()
robjects = import_module("rpy2.robjects")
