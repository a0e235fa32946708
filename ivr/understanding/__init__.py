"""From hypotheses to values, each with a confidence and a reason."""
