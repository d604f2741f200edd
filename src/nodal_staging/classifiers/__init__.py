"""Everything that scores nodes: networks, forests, baselines, readers, yours."""
