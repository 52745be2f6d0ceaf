"""A small believable world for the demo: organisations, people, components, tickets in every state."""
