"""How a network learns: credit, sum cache, capacity, selection, pipelines, events."""
