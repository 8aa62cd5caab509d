"""What ships with junco: a folder a family, a file a member; comes in by entry points, imported by nobody."""
