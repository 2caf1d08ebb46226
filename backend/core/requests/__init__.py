"""Feedback requests: asking, routing and showing them, and who their recipients are."""
