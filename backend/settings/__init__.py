"""Settings: their schema, where they are read from, and how secrets are written."""
