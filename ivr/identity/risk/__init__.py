"""What raises doubt about a call: signals, how they are counted, and what they come to."""
