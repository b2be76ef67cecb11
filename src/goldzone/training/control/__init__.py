"""Decisions: capacity, selection, phases, from sums and curves."""
