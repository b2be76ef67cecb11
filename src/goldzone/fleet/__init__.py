"""How many languages go live: feature flags that decide, language by language, which pipeline trains."""
