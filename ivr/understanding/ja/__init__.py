"""What callers say in Japanese."""
