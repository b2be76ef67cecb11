"""What is happening: reads a run's event log and nothing else."""
