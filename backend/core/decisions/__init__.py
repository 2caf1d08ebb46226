"""Deciding a feedback request: who may, what an answer does, and how a request ends without one."""
