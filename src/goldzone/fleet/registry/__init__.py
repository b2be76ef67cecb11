"""A registry of models: immutable versions, aliases that move, and a log of every move."""
