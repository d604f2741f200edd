"""What the printed AUCs can mean, since PET as the reference test has errors."""
