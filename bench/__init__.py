"""What the product costs: measured beside the floor of the same machine in the same run, so that the ratios travel."""
