"""How it is kept: containers, sealed and journalled files, atomic writes."""
