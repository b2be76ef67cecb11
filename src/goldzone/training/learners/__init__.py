"""How one neuron learns: credit, votes, tables."""
