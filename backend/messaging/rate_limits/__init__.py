"""Rate limits: how often something happened within a moving window, by key."""
