"""Runs that are killed, damaged, interrupted or refused the disk become the same model, or say why not."""
