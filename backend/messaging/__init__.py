"""What processes share: the queue, the live stream and rate limits, in memory or in Redis."""
