"""The demo model: a small deterministic program with which every feature can be tried without an API key. It is not an AI."""
