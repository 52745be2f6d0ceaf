"""Pages about oneself, one's colleagues and one's programs. Each finds, calls and answers."""
