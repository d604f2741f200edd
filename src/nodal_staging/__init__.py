"""The package of the study: one room a noun."""
