"""Networks of many layers over plain samples: trainer, hard tally, forward pipeline, task, classifier."""
