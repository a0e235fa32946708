"""The commands of `ivr`, one module for each group of them."""
