"""The lineage of every file of a study: recorded, checked, printed and exported."""
