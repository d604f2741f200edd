"""Table 1, claims, scorecard and recovered counts of the published study."""
