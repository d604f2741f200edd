"""CT, PET and segmentations of any format."""
