"""Taking languages from one configuration to another, step by step, and back."""
