"""Draft sheets of a cohort from files as an archive or a public collection has them.

Images are never opened for writing, copied or moved. The sheets name links in the
folder ``private`` of the study, next to the only table that relates pseudonyms to
identifiers.
"""
