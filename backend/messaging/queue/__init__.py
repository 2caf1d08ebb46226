"""The job queue: wakes workers at once. What is due is recorded in SQL, so a lost job costs only time."""
