"""Segmented nodes, from the files of MITK and plain NRRD."""
