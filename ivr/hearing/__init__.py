"""From audio to hypotheses."""
