"""Mailboxes and the mail kept from them."""
