"""Gmail: the only part of the mail channel that talks to Google."""
