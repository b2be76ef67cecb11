"""Runs in the tools that people keep their experiments in."""
