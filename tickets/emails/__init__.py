"""Mails about tickets. `handlers` registers with the outbox at start-up; `words` and `letters` make what is sent."""
