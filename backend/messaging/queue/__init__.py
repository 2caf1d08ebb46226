"""The doorbell: wakes workers at once. What is to be done stands in SQL; a lost ring costs only time."""
