"""Every performance figure of the README, as ratios measured in one run: `python -m bench`."""
