"""Runs in a browser: what their folders tell, read on while they train."""
