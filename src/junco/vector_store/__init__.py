"""What a vector database is to junco: a small contract, its address, and where installed ones are found."""
