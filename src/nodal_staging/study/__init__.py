"""What every stage uses: configuration, files, errors, seeds, code versions."""
