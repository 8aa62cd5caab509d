"""The trainer: a task that an operator lends, examples and a goal → better weights. Whose they are it never learns."""
