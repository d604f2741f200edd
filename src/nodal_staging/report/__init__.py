"""The report: one offline page, a module per section, all made of the same parts."""
