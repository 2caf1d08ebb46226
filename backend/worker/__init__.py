"""The worker: claims due runs, deliveries and mailboxes and works on them, in any process, after any crash."""
