"""A run, or many, held against what was promised of them."""
