"""The grammar of replies: which decision a mail states, and when it states none."""
