"""The settings: their schema, the environment they are read from, and the format of secret keys."""
