"""What a network is: hash, filter, neurons, combiners, networks, model files."""
