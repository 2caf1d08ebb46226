"""What processes tell one another: the queue, the live stream and rate limits, in memory or through Redis."""
