"""Runs: their lease, their log, the steps an engine proposes and the tool calls they execute."""
