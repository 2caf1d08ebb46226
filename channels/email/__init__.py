"""Email: questions as letters from the mailbox of an agent, replies and conversation back."""
