"""What travels over a hub: folders of data, told apart by their manifests and checked without running anything."""
