"""Gmail: the only package of the mail channel that talks to Google."""
