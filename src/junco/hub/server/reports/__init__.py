"""What was measured of commits: taken in, checked, and members of a family beside each other."""
