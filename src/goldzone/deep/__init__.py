"""Networks of many layers: a trainer of any architecture, the hard tally, the forward pipeline."""
