"""What files hold, told by their bytes alone: nothing of them is imported, unpacked or run."""
