"""What is happening in a run: alerts, history, advice and pictures, all from its event log."""
