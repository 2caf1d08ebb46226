"""How words reach people and come back: a library without database, web framework or agent."""
