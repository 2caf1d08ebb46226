"""The default model: a small deterministic program, so that every path can be tried without a key. It is not an AI."""
