"""Figures that say what the product costs beside the bare thing that it stands on. `python -m benchmarks` runs them."""
