"""Mails and notices about returns, to customers and their resellers. `handlers` registers with the outbox at start-up."""
