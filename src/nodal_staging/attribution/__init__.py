"""Where a network looks; knows nothing of the rest of the study."""
