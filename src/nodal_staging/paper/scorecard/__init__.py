"""Every number that the paper prints, with ours."""
