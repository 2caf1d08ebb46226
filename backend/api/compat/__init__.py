"""Routes in the shapes that existing clients already use."""
