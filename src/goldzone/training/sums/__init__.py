"""What came out when neurons were trained: sums, margins, regimes, and their store."""
