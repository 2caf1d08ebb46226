"""Counting within a moving window: how often something happened lately under a key."""
