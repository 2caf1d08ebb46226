"""Routes in the formats that existing clients already use."""
