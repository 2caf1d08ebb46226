"""Authentication: passwords, tokens, secret keys and the principal they prove."""
