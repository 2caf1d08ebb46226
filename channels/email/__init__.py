"""Email: questions from the mailbox of an agent; replies and conversation back."""
