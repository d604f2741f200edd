"""A frozen study on the nodes of another cohort."""
