"""What CT, PET and masks contain: values, sizes and places that can be true."""
