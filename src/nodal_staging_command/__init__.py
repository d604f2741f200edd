"""The command ``nodal-staging``: Snakemake for people who do not know it.

Each subcommand finds the configuration of a study, prints the Snakemake command that it
runs, and ends with the files to open. It computes nothing itself, and no result depends
on it.
"""
