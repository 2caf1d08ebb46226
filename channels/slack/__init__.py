"""Slack: questions as messages with buttons and forms; answers and conversation back."""
