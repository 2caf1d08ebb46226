"""Who somebody is, and how it was proven: passwords, tokens, keys."""
