"""What the scores of classifiers say; the only folder that calls R."""
