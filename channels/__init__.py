"""Channels: how requests and messages reach people and their answers come back. No database, web framework or agent."""
