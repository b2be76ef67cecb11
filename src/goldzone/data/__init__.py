"""What does it learn from? Lexicons, alignment, context features, homographs, splits and built-in samples."""
