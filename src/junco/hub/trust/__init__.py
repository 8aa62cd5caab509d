"""Trust: data is used; code runs where its caller allowed it, commit by commit; what may hide code is refused."""
