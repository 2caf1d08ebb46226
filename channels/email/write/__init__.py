"""Write mails: questions, text messages and notices, as HTML and as plain text."""
