"""Many languages at a time: feature flags, jobs and their executors, results; nothing of screens."""
